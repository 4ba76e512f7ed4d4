"""Every error word of a provider has its Reason, wherever the word comes (docs/wire.md, 1.7)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from generations.providers.apixo.adapter import Apixo
from generations.providers.apixo.reasons import REASONS as APIXO_REASONS
from generations.providers.contract import (
    Access,
    FilmReport,
    Flow,
    Order,
    Provider,
    ProviderError,
    Reason,
    Report,
)
from generations.providers.relay.adapter import Relay
from generations.providers.relay.reasons import REASONS as RELAY_REASONS
from generations.providers.vidu.adapter import Vidu
from generations.providers.vidu.reasons import REASONS as VIDU_REASONS
from generations.providers.vivienne.adapter import Vivienne
from generations.providers.wire.reasons import REASON_ERRORS

from . import test_apixo, test_relay, test_vidu, test_vivienne
from .calls import case
from .driver import value_of, value_when_always_answered

# https://platform.vidu.com/docs/error-code
VIDU: Mapping[str, Reason] = {
    "BadRequest": Reason.SETTING_REFUSED,
    "FieldLacking": Reason.SETTING_REFUSED,
    "FieldUnwanted": Reason.SETTING_REFUSED,
    "FieldItemCountOutOfRange": Reason.SETTING_REFUSED,
    "FieldInvalid": Reason.SETTING_REFUSED,
    "PageSizeOutOfRange": Reason.PICTURE_UNFIT,
    "ImageDownloadFailure": Reason.PICTURE_NOT_FETCHED,
    "ImageFormatInvalid": Reason.PICTURE_UNUSABLE,
    "ImageCheckBodyJointsFailed": Reason.PICTURE_WITHOUT_BODY,
    "ImageCheckFaceFailed": Reason.PICTURE_FACE_REFUSED,
    "ImageObjectsUndetected": Reason.PICTURE_WITHOUT_SUBJECT,
    "ImageSizeInvalid": Reason.PICTURE_UNFIT,
    "VideoDownloadFailure": Reason.FILM_NOT_FETCHED,
    "VideoFormatInvalid": Reason.FILM_UNUSABLE,
    "NoFaceDetected": Reason.FILM_WITHOUT_FACE,
    "MultiFaceDetected": Reason.FILM_WITH_FACES,
    "FaceDetectFailure": Reason.FILM_FACE_REFUSED,
    "FaceDetectNotPass": Reason.FILM_FACE_REFUSED,
    "PhotoAuditNotPass": Reason.CONTENT_REFUSED,
    "AuditFailed": Reason.CONTENT_REFUSED,
    "OperationInProcess": Reason.BUSY,
    "TaskPromptPolicyViolation": Reason.PROMPT_REFUSED,
    "AuditSubmitIllegal": Reason.CONTENT_REFUSED,
    "CreationPolicyViolation": Reason.RESULT_WITHHELD,
    "CreditInsufficient": Reason.CREDITS_SPENT,
    "ModelUnavailable": Reason.MODEL_UNAVAILABLE,
    "UserCancelled": Reason.CANCELLED,
    "Unauthorized": Reason.KEY_REFUSED,
    "Forbidden": Reason.KEY_NOT_ALLOWED,
    "TaskNotFound": Reason.NOT_FOUND,
    "CreationNotFound": Reason.NOT_FOUND,
    "NotFound": Reason.NOT_FOUND,
    "Conflict": Reason.CONFLICT,
    "QuotaExceeded": Reason.SLOTS_TAKEN,
    "TooManyRequests": Reason.BUSY,
    "SystemThrottling": Reason.BUSY,
    "Canceled": Reason.OTHER,
    "InternalServiceFailure": Reason.PROVIDER_FAULT,
    "Unknown": Reason.PROVIDER_FAULT,
}
# https://github.com/QuantumNous/new-api
RELAY: Mapping[str, Reason] = {
    "insufficient_user_quota": Reason.CREDITS_SPENT,
    "pre_consume_token_quota_failed": Reason.CREDITS_SPENT,
    "task_not_exist": Reason.NOT_FOUND,
    "model_not_found": Reason.MODEL_UNAVAILABLE,
}
# https://apixo.ai/docs/api-reference/error-codes
APIXO: Mapping[str, Reason] = {
    "CONTENT_VIOLATION": Reason.PROMPT_REFUSED,
    "SensitiveContentDetected": Reason.PROMPT_REFUSED,
    "NSFW_DETECTED": Reason.RESULT_WITHHELD,
    "PROMPT_TOO_LONG": Reason.SETTING_REFUSED,
    "INVALID_PROMPT": Reason.SETTING_REFUSED,
    "INVALID_IMAGE_URL": Reason.PICTURE_NOT_FETCHED,
    "IMAGE_DOWNLOAD_FAILED": Reason.PICTURE_NOT_FETCHED,
    "IMAGE_TOO_LARGE": Reason.PICTURE_UNFIT,
    "UNSUPPORTED_FORMAT": Reason.PICTURE_UNFIT,
    "PROCESSING_TIMEOUT": Reason.PROVIDER_FAULT,
    "GENERATION_FAILED": Reason.PROVIDER_FAULT,
    "MODEL_UNAVAILABLE": Reason.MODEL_UNAVAILABLE,
    "INSUFFICIENT_CREDITS": Reason.CREDITS_SPENT,
}
STATUSES: Mapping[int, Reason] = {
    400: Reason.OTHER,
    401: Reason.KEY_REFUSED,
    402: Reason.CREDITS_SPENT,
    403: Reason.OTHER,
    404: Reason.OTHER,
    413: Reason.OTHER,
    429: Reason.BUSY,
    500: Reason.PROVIDER_FAULT,
    503: Reason.PROVIDER_FAULT,
}
UNKNOWN = {"NeverHeardOf": Reason.OTHER}
ACCESS = Access("https://provider.example", "key")


def error_of(flow: Flow[Any], answer: httpx.Response | Exception) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        value_of(flow, answer)
    return caught.value


def answer(status: int = 200, /, **members: Any) -> httpx.Response:
    return httpx.Response(status, json=members)


def test_the_tables_of_the_adapters_have_these_words_and_no_others() -> None:
    assert VIDU == VIDU_REASONS
    assert {**VIDU, **RELAY} == RELAY_REASONS
    assert APIXO == APIXO_REASONS


def test_a_word_of_vidu_has_its_reason_in_an_error_a_task_and_a_film() -> None:
    vidu = Vidu()
    for word, reason in {**VIDU, **UNKNOWN}.items():
        with case(word):
            refusal = error_of(vidu.submit(ACCESS, test_vidu.ORDER), answer(400, reason=word))
            assert (refusal.code, refusal.reason) == (word, reason)
            report: Report = value_of(
                vidu.check(ACCESS, "1"), answer(state="failed", err_code=word)
            )
            assert (report.code, report.reason) == (word, reason)
            record = {"id": "2", "state": "failed", "err_code": word}
            lists = {"narration_records": [record], "completed_creation_records": [record]}
            tree = answer(state="failed", err_code=word, data_records=lists)
            film: FilmReport = value_of(vidu.film(ACCESS, "1"), tree)
            assert (film.code, film.reason) == (word, reason)
            assert [(each.code, each.reason) for each in film.narrations] == [(word, reason)]
            assert [(each.code, each.reason) for each in film.cuts] == [(word, reason)]


def test_a_word_of_the_relay_or_of_vidu_behind_it_has_its_reason() -> None:
    relay = Relay()
    for word, reason in {**VIDU, **RELAY, **UNKNOWN}.items():
        with case(word):
            refusal = error_of(relay.submit(ACCESS, test_relay.ORDER), answer(400, code=word))
            assert (refusal.code, refusal.reason) == (word, reason)
            body = answer(status="failed", video_url=None, error={"code": word})
            report: Report = value_when_always_answered(relay.check(ACCESS, "1"), body)
            assert (report.code, report.reason) == (word, reason)
    for word, reason in {**VIDU, **UNKNOWN}.items():
        with case("quoted", word):
            inner = {"state": "failed", "err_code": word}
            body = answer(code="success", data={"status": "FAILURE", "data": inner})
            report = value_when_always_answered(relay.check(ACCESS, "1"), body)
            assert (report.code, report.reason) == (word, reason)


def test_a_word_of_apixo_has_its_reason() -> None:
    for word, reason in {**APIXO, **UNKNOWN}.items():
        with case(word):
            body = answer(code=200, data={"state": "failed", "failCode": word})
            report: Report = value_of(Apixo().check(ACCESS, "1"), body)
            assert (report.code, report.reason) == (word, reason)


def test_a_failure_without_a_word_has_no_reason() -> None:
    bodies: Mapping[Provider, httpx.Response] = {
        Vidu(): answer(state="failed", err_code=""),
        Relay(): answer(status="failed", video_url=None),
        Vivienne(): answer(code=1000, data={"status": "failed", "error": "said"}),
        Apixo(): answer(code=200, data={"state": "failed"}),
    }
    for provider, body in bodies.items():
        with case(provider.kind):
            report: Report = value_of(provider.check(test_vivienne.ACCESS, "1"), body)
            assert (report.code, report.reason) == ("", None)


def test_a_status_without_a_word_has_its_reason() -> None:
    orders: Mapping[Provider, Order] = {
        Vidu(): test_vidu.ORDER,
        Relay(): test_relay.ORDER,
        Vivienne(): test_vivienne.ORDER,
        Apixo(): test_apixo.ORDER,
    }
    for provider, order in orders.items():
        for status, reason in STATUSES.items():
            own = {"error": {"message": "said", "code": ""}}
            members = own if provider.kind == "relay" else {"code": status, "message": "said"}
            with case(provider.kind, status):
                refusal = error_of(provider.submit(ACCESS, order), answer(status, **members))
                assert (refusal.code, refusal.reason) == (f"http_{status}", reason)


def test_a_code_of_vivienne_means_the_status_that_it_looks_like() -> None:
    for code, reason in STATUSES.items():
        with case(code):
            refusal = error_of(
                Vivienne().submit(ACCESS, test_vivienne.ORDER), answer(code=code, message="said")
            )
            assert (refusal.code, refusal.reason) == (f"code_{code}", reason)
    busy = answer(code=7, message="the system is busy")
    assert error_of(Vivienne().submit(ACCESS, test_vivienne.ORDER), busy).reason is Reason.BUSY


def test_a_missing_balance_of_apixo_is_read_from_its_message() -> None:
    body = answer(400, code=400, message="Insufficient credits")
    refusal = error_of(Apixo().submit(ACCESS, test_apixo.ORDER), body)
    assert (refusal.code, refusal.reason) == ("http_402", Reason.CREDITS_SPENT)


def test_the_way_there_and_back_has_its_own_reasons() -> None:
    submit = Vidu().submit(ACCESS, test_vidu.ORDER)
    assert error_of(submit, httpx.ConnectError("refused")).reason is Reason.UNREACHABLE
    assert error_of(Vidu().check(ACCESS, "1"), httpx.ReadError("")).reason is Reason.NO_ANSWER
    assert error_of(Vidu().check(ACCESS, "1"), answer()).reason is Reason.UNREADABLE
    with pytest.raises(ProviderError) as caught:
        next(Vidu().check(replace(ACCESS, key=""), "1"))
    assert caught.value.reason is Reason.KEY_MALFORMED
    with pytest.raises(ProviderError) as caught:
        next(Vivienne().check(replace(ACCESS, options={"query_path": "//"}), "1"))
    assert caught.value.reason is Reason.ACCOUNT_SETTING_INVALID


def test_only_a_reason_of_the_provider_decides_the_error_of_a_create() -> None:
    named = {*VIDU.values(), *RELAY.values(), *APIXO.values()}
    assert {*REASON_ERRORS} <= named
