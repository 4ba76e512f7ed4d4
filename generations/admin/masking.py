"""What a provider said, without the secrets of ours that it repeated."""

from generations.models import Attempt

HIDDEN = "•••"


def masked(text: str, attempt: Attempt) -> str:
    for secret in (attempt.token, attempt.reference):
        text = text.replace(secret, HIDDEN)
    return text
