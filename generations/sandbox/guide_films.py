"""What the control page says of the words of films, in both languages."""

from generations.sandbox.guide import Line

FILM_WORDS = (
    Line(
        "[two takes] [one take]",
        "The first storyboard has two records; one.",
        "第一个分镜有两条记录；只有一条。",
    ),
    Line("[fail shot N CODE]", "Storyboard N, from 0, fails.", "第 N 个分镜（从 0 起）失败。"),
    Line(
        "[drop shot N]",
        "Storyboard N has no records in the detail.",
        "详情中第 N 个分镜没有记录。",
    ),
    Line("[shuffle records]", "All records are in another order.", "所有记录顺序被打乱。"),
    Line("[unknown records]", "Lists and fields that nobody knows.", "出现未知的列表和字段。"),
    Line("[right types]", "Narration and music are typed as such.", "旁白与音乐的类型正确。"),
    Line("[right spelling]", "storyboard_id, not stroyboard_id.", "拼写为 storyboard_id。"),
    Line(
        "[all takes]",
        "The composition names every take, as in the example.",
        "合成记录列出全部片段，与示例一致。",
    ),
    Line(
        "[detail …] [edit …] [compose …]",
        "In a film: any word for the first of them, such as [compose drop after].",
        "写在成片提示词中：用于首次详情、编辑或合成，例如 [compose drop after]。",
    ),
    Line("[done at once]", "The reply to the order says success.", "下单回复即为成功。"),
)
