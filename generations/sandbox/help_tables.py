"""The tables of the control page: keys and directives, in English and Chinese."""

from typing import NamedTuple


class HelpEntry(NamedTuple):
    """`syntax` is a key, or directives as they are written in a prompt."""

    syntax: str
    english: str
    chinese: str


KEYS = (
    HelpEntry(
        "sandbox-…",
        "Valid, with its own account at each provider: 100,000 units, 5 slots (APIXO: 10).",
        "有效，在每个服务商各有一个账户：100,000 单位，5 个并发（APIXO 为 10）。",
    ),
    HelpEntry("…bad…", "Invalid: 401.", "无效：401。"),
    HelpEntry("sandbox-forbidden…", "Valid, but not allowed: 403.", "有效但无权限：403。"),
    HelpEntry("sandbox-broke…", "The balance is zero.", "余额为零。"),
    HelpEntry(
        "sandbox-broke400…",
        "APIXO: the same with 400 instead of 402.",
        "APIXO：同上，但返回 400 而非 402。",
    ),
    HelpEntry("sandbox-few…", "100 units.", "只有 100 单位。"),
    HelpEntry("sandbox-busy…", "Every order is throttled: 429.", "每次下单都被限流：429。"),
    HelpEntry(
        "sandbox-quota…", "A task that needs one more slot is refused.", "超出并发的任务被拒绝。"
    ),
    HelpEntry("sandbox-…rate600", "APIXO: 600 requests a minute.", "APIXO：每分钟 600 次请求。"),
    HelpEntry(
        "sandbox-…params",
        "Vivienne: the fields of an order are in params.",
        "Vivienne：请求字段放在 params 中。",
    ),
    HelpEntry(
        "sandbox-…taskpath…",
        "Relay: queries are answered at /ent/v2/task?task_id= only.",
        "中转：仅在 /ent/v2/task?task_id= 回复查询。",
    ),
    HelpEntry("sandbox-…slots20", "20 slots.", "20 个并发。"),
)

COMMON_DIRECTIVES = (
    HelpEntry("[fast] [slow]", "Five times faster; six times slower.", "快五倍；慢六倍。"),
    HelpEntry("[stuck] [never starts]", "Never ends; never starts.", "永不完成；永不开始。"),
    HelpEntry("[fail CODE]", "The task fails with this code.", "任务以此错误码失败。"),
    HelpEntry("[failed at once]", "The reply to the order says failed.", "下单回复即为失败。"),
    HelpEntry("[refuse REASON]", "The order is refused.", "下单被拒绝。"),
    HelpEntry("[429 REASON]", "The order is throttled.", "下单被限流。"),
    HelpEntry("[quota]", "Refused if all slots are taken.", "并发用完时被拒绝。"),
    HelpEntry(
        "[500 before] [500 after]",
        "An error, before or after the task was created; also 502, 503.",
        "在任务生成之前或之后出错；也可用 502、503。",
    ),
    HelpEntry(
        "[drop before] [drop after]",
        "The connection closes without a response.",
        "连接关闭，没有回复。",
    ),
    HelpEntry("[slow answer N]", "The response takes N seconds.", "回复延迟 N 秒。"),
    HelpEntry(
        "[garbled] [not JSON] [code in 200]",
        "Broken JSON; an HTML page; an error code in a 200.",
        "JSON 损坏；返回网页；200 中含错误码。",
    ),
    HelpEntry(
        "[no task id] [task id number]",
        "The reply has no task id, or the id is a JSON number.",
        "回复缺少任务编号，或以数字形式给出。",
    ),
    HelpEntry(
        "[query …]",
        "Any of these for the first query, such as [query drop after].",
        "以上任意一种用于首次查询，例如 [query drop after]。",
    ),
    HelpEntry(
        "[empty creations] [unknown word]",
        "Once: success without a file; an unknown state.",
        "一次：成功但无文件；未知状态。",
    ),
    HelpEntry(
        "[no id] [no progress] [no cover]",
        "The query reply has no such field.",
        "查询回复缺少这些字段。",
    ),
    HelpEntry(
        "[list missing] [creations object]",
        "The task is missing in the list; the list has an object instead of an array.",
        "列表中没有该任务；以对象代替数组。",
    ),
    HelpEntry(
        "[link N] [link day] [expired 404]",
        "Links live N seconds; a day; an expired one answers 404 instead of 403.",
        "链接有效 N 秒；一天；失效后返回 404 而非 403。",
    ),
    HelpEntry(
        "[media N] [media N always]",
        "The first file request gets status N; all do.",
        "首次（或每次）下载返回状态 N。",
    ),
    HelpEntry("[media drop]", "The first file request is cut off.", "首次下载被断开。"),
    HelpEntry(
        "[truncated] [truncated always]",
        "Half a body, but ranges are complete; never complete.",
        "正文只有一半，分段请求完整；始终不完整。",
    ),
    HelpEntry("[html body] [html as mp4]", "An HTML page instead of a video.", "以网页代替视频。"),
    HelpEntry(
        "[slow body N] [drip] [endless]",
        "A body of N seconds; one byte a second; a body without end.",
        "正文耗时 N 秒；每秒一字节；永无止境。",
    ),
    HelpEntry("[huge N]", "A video of N megabytes, 1024 by default.", "N MB 的视频，默认 1024。"),
    HelpEntry(
        "[no range] [changed]",
        "Ranges are ignored; the ETag changes.",
        "忽略分段请求；标签变化。",
    ),
    HelpEntry(
        "[redirect] [redirect loop] [redirect private]", "Links that redirect.", "链接重定向。"
    ),
    HelpEntry("[no sound]", "A clip without sound.", "无声视频。"),
    HelpEntry(
        "[callback never] [callback late N] [callback early]",
        "No callback; after N seconds; before the order is answered.",
        "不发送；延迟 N 秒；早于下单回复。",
    ),
    HelpEntry(
        "[callback duplicate] [callback again] [callback five times]",
        "Twice with one nonce; twice with two nonces; five times.",
        "同一随机数两次；新随机数；五次。",
    ),
    HelpEntry(
        "[callback out of order] [callback contradicting]",
        "processing after success; a body that is not true.",
        "成功之后才到“处理中”；内容不实。",
    ),
    HelpEntry(
        "[callback bad signature] [callback unsigned]",
        "Signed with another key; not signed.",
        "用其他密钥签名；不签名。",
    ),
    HelpEntry(
        "[callback stale date] [callback no nonce]",
        "One hour old; without a nonce.",
        "一小时前；没有随机数。",
    ),
    HelpEntry(
        "[callback no id] [callback status word] [callback oversized]",
        "Without id; status instead of state; 3 MB.",
        "没有编号；以 status 代替 state；3 MB。",
    ),
)

FILM_DIRECTIVES = (
    HelpEntry(
        "[two takes] [one take]",
        "The first storyboard has two records; one.",
        "第一个分镜有两条记录；只有一条。",
    ),
    HelpEntry("[fail shot N CODE]", "Storyboard N, from 0, fails.", "第 N 个分镜（从 0 起）失败。"),
    HelpEntry(
        "[drop shot N]",
        "Storyboard N has no records in the detail.",
        "详情中第 N 个分镜没有记录。",
    ),
    HelpEntry("[shuffle records]", "All records are in another order.", "所有记录顺序被打乱。"),
    HelpEntry("[unknown records]", "Unknown lists and fields.", "出现未知的列表和字段。"),
    HelpEntry(
        "[right types]", "Narration and music have their own types.", "旁白与音乐的类型正确。"
    ),
    HelpEntry("[right spelling]", "storyboard_id, not stroyboard_id.", "拼写为 storyboard_id。"),
    HelpEntry(
        "[all takes]",
        "The first cut names every take, as in the example of the document.",
        "合成记录列出全部片段，与示例一致。",
    ),
    HelpEntry(
        "[detail …] [edit …] [compose …]",
        "In a film: any directive for the first of them, such as [compose drop after].",
        "写在成片提示词中：用于首次详情、编辑或合成，例如 [compose drop after]。",
    ),
    HelpEntry("[done at once]", "The reply to the order says success.", "下单回复即为成功。"),
)

GATEWAY_DIRECTIVES = (
    HelpEntry("[two results]", "Two videos instead of one.", "两个视频。"),
    HelpEntry(
        "[callback ahead]",
        "The callback says success while a query still says that the task runs.",
        "查询仍为处理中时，回调已通知成功。",
    ),
)

RELAY_DIRECTIVES = (
    HelpEntry(
        "[shape 1] [shape 3]",
        "A query is answered at /ent/v2/tasks/{id}/creations, as by Vidu or Tencent; the usual "
        "path answers 404.",
        "查询须用 /ent/v2/tasks/{id}/creations，格式同 Vidu 或腾讯；原路径返回 404。",
    ),
    HelpEntry(
        "[task path]",
        "A query is answered at /ent/v2/task?task_id= only; the usual paths answer 404.",
        "仅在 /ent/v2/task?task_id= 回复查询；其他路径返回 404。",
    ),
    HelpEntry(
        "[task not exist]",
        "With these two: 400 task_not_exist instead of 404.",
        "与上述两词连用：以 400 task_not_exist 代替 404。",
    ),
    HelpEntry(
        "[shape 4] [shape 4 nested]",
        "The relay's own envelope; with Vidu's reply inside.",
        "中转自有的外层；内含 Vidu 的回复。",
    ),
    HelpEntry(
        "[shape 5] [shape 5 metadata]",
        "A video object with video_url; with metadata.url.",
        "video 对象，含 video_url；含 metadata.url。",
    ),
    HelpEntry(
        "[other words]",
        "The other state words that were seen, such as FINISHED.",
        "使用另一组状态词，例如 FINISHED。",
    ),
    HelpEntry(
        "[refuse insufficient_user_quota] [429 insufficient_user_quota]",
        "No quota, with 403 or 429; [refuse error insufficient_user_quota] nests it.",
        "额度不足，返回 403 或 429；[refuse error insufficient_user_quota] 则嵌套返回。",
    ),
    HelpEntry(
        "[refuse FieldInvalid] [refuse fail_to_fetch_task]",
        "Vidu's error as text in that of the relay; an HTML page as text.",
        "Vidu 的错误以文本形式包在中转的错误中；以网页为文本。",
    ),
    HelpEntry(
        "[refuse unauthorized] [refuse forbidden] [refuse no_channel]",
        "new_api_error with 401, 403, 503.",
        "new_api_error，状态 401、403、503。",
    ),
)

VIVIENNE_DIRECTIVES = (
    HelpEntry(
        "[refuse 2001] [refuse disabled] [refuse balance]",
        "Code 2001 in a 200; 403 because the key is disabled, or because of the balance.",
        "200 中返回错误码 2001；403，密钥停用或余额不足。",
    ),
    HelpEntry(
        "[no data] [query no data] [top level]",
        "The reply has no data; the first query has none; taskNo is beside data.",
        "回复缺少 data；首次查询缺少 data；taskNo 位于顶层。",
    ),
    HelpEntry(
        "[callback milliseconds] [callback upper case]",
        "A timestamp of 13 digits; a signature in capitals.",
        "13 位时间戳；大写签名。",
    ),
    HelpEntry(
        "[callback bad signature] [callback unsigned] [callback stale date]",
        "Signed with another key; not signed; 25 hours old.",
        "用其他密钥签名；不签名；25 小时前。",
    ),
    HelpEntry(
        "[callback altered]",
        "A valid signature over a result that is not true.",
        "签名正确，但结果被篡改。",
    ),
)

APIXO_DIRECTIVES = (
    HelpEntry(
        "[fail CONTENT_VIOLATION]",
        "The task fails with this failCode; also with one that is not documented.",
        "任务以此 failCode 失败；也可用文档中没有的错误码。",
    ),
    HelpEntry(
        "[refuse 402] [refuse Insufficient credits]",
        "An error with this status; 400 with this message.",
        "以此状态返回错误；以 400 返回此消息。",
    ),
    HelpEntry(
        "[no data]", "The reply to an order has null for its data.", "下单回复的 data 为 null。"
    ),
    HelpEntry(
        "[bad result] [result object]",
        "Once: resultJson is cut off; it is an object instead of a text.",
        "一次：resultJson 不完整；resultJson 为对象而非文本。",
    ),
)

SIBLING_DIRECTIVES = (
    HelpEntry(
        "reference2image: [jpeg]",
        "The picture is a JPEG instead of a PNG; all words for clips work too.",
        "图片为 JPEG 而非 PNG；视频的所有词同样有效。",
    ),
    HelpEntry(
        "audio-tts: [queueing] [no file] [only in reply] [fail CODE]",
        "In the text: the sound comes later; a success without it; a task that queries do not know;"
        " the reply says failed.",
        "写在文本中：音频稍后给出；成功但无音频；查询不认识该任务；回复即为失败。",
    ),
    HelpEntry(
        "lip-sync, upscale-new: [fail NoFaceDetected]",
        "In the text or the payload, or as a fault of the key (see Control).",
        "写在文本或 payload 中，或作为密钥的故障（见“控制”）。",
    ),
    HelpEntry(
        "upscale-new",
        "A resolution that is not higher than that of the film ends as FieldInvalid.",
        "分辨率不高于原片时，任务以 FieldInvalid 失败。",
    ),
    HelpEntry(
        "subjects: [500 after]",
        "In the name: the subject is kept, though the reply is an error.",
        "写在名称中：主体已保存，但回复是错误。",
    ),
    HelpEntry(
        "POST /control/made",
        "Makes a template, multiframe, extend, sound effect or music video to import by its id.",
        "生成模板、多帧、续写、音效或 MV，可按编号导入。",
    ),
)

TABLES = (
    ("Keys · 密钥", KEYS),
    ("Words in a prompt · 提示词中的词", COMMON_DIRECTIVES),
    ("Films · 成片", FILM_DIRECTIVES),
    ("Vidu: pictures, speech and more · Vidu：图片、语音等", SIBLING_DIRECTIVES),
    ("All gateways · 各网关", GATEWAY_DIRECTIVES),
    ("Relay · 中转", RELAY_DIRECTIVES),
    ("Vivienne", VIVIENNE_DIRECTIVES),
    ("APIXO", APIXO_DIRECTIVES),
)
