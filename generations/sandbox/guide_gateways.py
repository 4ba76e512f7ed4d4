"""What the control page says of the words that only the gateways know."""

from generations.sandbox.guide import Line

GATEWAY_WORDS = (
    Line("[two results]", "Two videos instead of one.", "两个视频。"),
    Line(
        "[callback ahead]",
        "Success is told while a look still says that the task runs.",
        "查询仍为处理中时，回调已通知成功。",
    ),
)

RELAY_WORDS = (
    Line(
        "[shape 1] [shape 3]",
        "A look is answered at /ent/v2/tasks/{id}/creations, as Vidu or Tencent do; the usual "
        "path answers 404.",
        "查询须用 /ent/v2/tasks/{id}/creations，格式同 Vidu 或腾讯；原路径返回 404。",
    ),
    Line(
        "[task not exist]",
        "With these two: 400 task_not_exist instead of 404.",
        "与上述两词连用：以 400 task_not_exist 代替 404。",
    ),
    Line(
        "[shape 4] [shape 4 nested]",
        "The relay's own envelope; with Vidu's reply inside.",
        "中转自有的外层；内含 Vidu 的回复。",
    ),
    Line(
        "[shape 5] [shape 5 metadata]",
        "A video object with video_url; with metadata.url.",
        "video 对象，含 video_url；含 metadata.url。",
    ),
    Line(
        "[other words]",
        "The other state words that were seen, such as FINISHED.",
        "使用另一组状态词，例如 FINISHED。",
    ),
    Line(
        "[refuse insufficient_user_quota] [429 insufficient_user_quota]",
        "No quota, with 403 and with 429; [refuse error insufficient_user_quota] nests it.",
        "额度不足，返回 403 或 429；[refuse error insufficient_user_quota] 则嵌套返回。",
    ),
    Line(
        "[refuse FieldInvalid] [refuse fail_to_fetch_task]",
        "Vidu's error as text in the relay's; a page as text.",
        "Vidu 的错误以文本形式包在中转的错误中；以网页为文本。",
    ),
    Line(
        "[refuse unauthorized] [refuse forbidden] [refuse no_channel]",
        "new_api_error with 401, 403, 503.",
        "new_api_error，状态 401、403、503。",
    ),
)

VIVIENNE_WORDS = (
    Line(
        "[refuse 2001] [refuse disabled] [refuse balance]",
        "Code 2001 in a 200; 403 for the one reason and for the other.",
        "200 中返回错误码 2001；403，密钥停用或余额不足。",
    ),
    Line(
        "[no data] [query no data] [top level]",
        "A reply without data; the first look without; taskNo beside data.",
        "回复缺少 data；首次查询缺少 data；taskNo 位于顶层。",
    ),
    Line(
        "[callback milliseconds] [callback upper case]",
        "A timestamp of 13 digits; a signature in capitals.",
        "13 位时间戳；大写签名。",
    ),
    Line(
        "[callback bad signature] [callback unsigned] [callback stale date]",
        "Signed with another key; not at all; 25 hours ago.",
        "用其他密钥签名；不签名；25 小时前。",
    ),
    Line(
        "[callback altered]",
        "A good signature over a result that is not true.",
        "签名正确，但结果被篡改。",
    ),
)

APIXO_WORDS = (
    Line(
        "[fail CONTENT_VIOLATION]",
        "The task fails with this failCode; also with one that no page knows.",
        "任务以此 failCode 失败；也可用文档中没有的错误码。",
    ),
    Line(
        "[refuse 402] [refuse Insufficient credits]",
        "An error with this status; 400 with this message.",
        "以此状态返回错误；以 400 返回此消息。",
    ),
    Line("[no data]", "The reply to an order has null for its data.", "下单回复的 data 为 null。"),
    Line(
        "[bad result] [result object]",
        "Once: resultJson is cut short; it is an object instead of a text.",
        "一次：resultJson 不完整；resultJson 为对象而非文本。",
    ),
)
