"""What becomes of one order at the faulty provider: the truth, whatever it says of it."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PRICE = 35  # of the clip that everybody orders here, by the catalogue
ENDS = ("success", "failed", "charged", "stuck", "vanished")
LIKELY = (70, 12, 6, 6, 6)
HEADS = {"video": b"\0\0\0\x18ftyp", "cover": b"\xff\xd8\xff\xe0"}  # by which a file is known
USUAL_LIVES = (60, 600, 3600)
LATE = (0, 0, 0, 45, 900)


@dataclass
class Clip:
    """One task at the provider. ``seconds`` until it ends; ``cost`` is what it takes for it."""

    remote_id: str
    reference: str
    callback_url: str
    prompt: str
    created_at: datetime
    end: str
    seconds: float
    cost: int
    link_life: int
    look: int
    says_cost: bool = True
    parts: tuple[str, ...] = ("video",)
    late: int = 0  # seconds after its end until its store has it
    signs: bool = True  # each link is another, and names its end
    plays: bool = True  # in browsers
    cancelled: bool = False
    # When its store first gave no part to who fetched it, since it last did; and the last time.
    bad_since: dict[str, datetime] = field(default_factory=dict)
    bad_last: dict[str, datetime] = field(default_factory=dict)

    def word(self, now: datetime) -> str:
        """The provider's own word for its state."""
        passed = (now - self.created_at).total_seconds()
        if self.cancelled:
            return "failed"
        if passed < self.seconds / 3:
            return "queueing"
        if passed < self.seconds or self.end == "stuck":
            return "processing"
        return "success" if self.end == "success" else "failed"

    def is_in_store(self, now: datetime) -> bool:
        ready = self.created_at + timedelta(seconds=self.seconds + self.late)
        return now >= ready and not self.is_gone(now)

    def note_answer(self, part: str, now: datetime, *, good: bool) -> None:
        """Remember since when nobody gets a part."""
        if good:
            self.bad_since.pop(part, None)
            return
        self.bad_since.setdefault(part, now)
        self.bad_last[part] = now

    def is_gone(self, now: datetime) -> bool:
        """The provider knows nothing of it any more, and takes nothing for it."""
        return self.end == "vanished" and now > self.created_at + timedelta(seconds=self.seconds)

    def charge(self, now: datetime) -> int:
        """What was taken for it until now and is not given back."""
        if self.cancelled or self.is_gone(now):
            return 0
        ended = self.word(now)
        if ended == "success" or (ended == "failed" and self.end == "charged"):
            return self.cost
        return 0

    def bytes_of(self, part: str) -> bytes:
        manner = "" if self.plays else "odd "
        return HEADS[part] + f"{manner}{part} of look {self.look}".encode()


def cast(
    dice: random.Random, remote_id: str, order: dict[str, str], now: datetime, *, calm: bool
) -> Clip:
    """A new clip, its fate thrown; while it is calm each comes to an end."""
    end = "success" if calm else dice.choices(ENDS, LIKELY)[0]
    odd = dice.random() < 0.2
    return Clip(
        remote_id=remote_id,
        reference=order["payload"],
        callback_url=order.get("callback_url", ""),
        prompt=order["prompt"],
        created_at=now,
        end=end,
        seconds=dice.choice((2, 20, 90)),
        cost=dice.choice((0, 20, 50)) if odd else PRICE,
        says_cost=odd or dice.random() < 0.7,
        link_life=dice.choice(USUAL_LIVES),
        look=dice.randrange(3),
        parts=("video", "cover") if dice.random() < 0.4 else ("video",),
        late=0 if calm else dice.choice(LATE),
        signs=dice.random() < 0.7,
        plays=dice.random() < 0.8,
    )
