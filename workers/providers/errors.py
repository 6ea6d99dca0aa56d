"""Every way a picture can fail to come: its code, its class, and the sentence a person reads."""

from __future__ import annotations

import re

from workers.providers.answer import Answer, one_line
from workers.providers.base import (
    AuthenticationFailed,
    Deadline,
    InvalidResponse,
    ModelLoading,
    OutOfCredit,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
)

_ = str  # marks a sentence for translation: it is kept as it stands here, and translated where it is shown

# Each sentence has at most 15 words, and ends with who can mend it.
SENTENCES: dict[type[ProviderError], dict[str, str]] = {
    ProviderError: {"canceled": _("This picture was canceled.")},
    ProviderUnavailable: {
        "unreachable": _("The picture service cannot be reached. Please try again in a few minutes."),
        "timeout": _("The picture service took too long. Please try again in a few minutes."),
        "service_fault": _("The picture service has a problem. Please try again in a few minutes."),
    },
    ModelLoading: {
        "model_loading": _("The model is still waking up. Please try again in a few minutes."),
        "model_busy": _("The model is very busy. Please try again in a few minutes."),
    },
    RateLimited: {"rate_limited": _("The picture service asks us to slow down. Please try again later.")},
    InvalidResponse: {
        "not_a_picture": _("The picture service sent something that is not a picture. Please try again."),
        "empty_answer": _("The picture service sent nothing back. Please try again."),
        "error_in_answer": _("The picture service sent a message, not a picture. Please try again."),
        "too_large": _("The picture service sent far too much. Please try again."),
        "broken_off": _("Only a part of the picture arrived. Please try again."),
        "drawing_failed": _("The picture service could not finish this picture. Please try again."),
        "result_missing": _("The finished picture could not be fetched. Please try again."),
        "unsafe_link": _("The picture's link is not safe to open. The site's owner should check."),
    },
    RequestRejected: {
        "prompt_refused": _("The picture service refused this prompt. Please write it in other words."),
        "safety_filter": _("The model's safety filter hid this picture. Please change the prompt."),
        "bad_input": _("The picture service did not accept this. Please change the prompt or settings."),
        "model_not_served": _("Nobody offers this model now. Choose another, or tell the site's owner."),
        "model_gone": _("This model was withdrawn. Choose another, or tell the site's owner."),
        "model_gated": _("The site's owner must first accept this model's terms. Please choose another."),
        "wrong_address": _("The picture service's address is wrong. The site's owner must correct it."),
    },
    AuthenticationFailed: {
        "token_missing": _("The site has no access token. The site's owner must add one."),
        "token_refused": _("The site's access token was refused. The site's owner must replace it."),
        "token_not_allowed": _("The site's token may not draw pictures. The site's owner must allow it."),
    },
    OutOfCredit: {
        "out_of_credit": _("The site's drawing credit is used up. The site's owner must add more."),
        "payment_not_enabled": _("Payment for this service is off. The site's owner must turn it on."),
    },
}
KINDS = {code: (kind, said) for kind, sentences in SENTENCES.items() for code, said in sentences.items()}

# (statuses, what the body must say, code); the first row that fits wins.
ROWS: tuple[tuple[range | tuple[int, ...], str, str], ...] = (
    (range(300, 400), "", "wrong_address"),
    ((400, 422), r"\bmodel\b.*\bnot supported|not supported (by|for) provider", "model_not_served"),
    ((400, 403, 422, 451), r"content.?policy|moderat|nsfw|safety (system|checker|filter)|flagged", "prompt_refused"),
    ((401,), "", "token_refused"),
    ((402,), r"pay.as.you.?go.*not enabled", "payment_not_enabled"),
    ((402,), "", "out_of_credit"),
    ((403,), r"\bgated\b|restricted|not in the authorized list|accept.*(terms|conditions)", "model_gated"),
    ((403,), "", "token_not_allowed"),
    ((404, 410), "", "model_gone"),
    ((408, 504, 524), "", "timeout"),
    ((429,), "", "rate_limited"),
    (range(400, 500), "", "bad_input"),
    ((503,), "loading|starting", "model_loading"),
    ((503, 529), "busy|overloaded|capacity", "model_busy"),
    (range(500, 600), "", "service_fault"),
)


def failure(code: str, detail: str = "", *, billed: bool = False, http_status: int | None = None) -> ProviderError:
    """The detail may quote a stranger, and PostgreSQL stores no NUL."""
    kind, sentence = KINDS[code]
    return kind(code, sentence, one_line(detail), billed=billed, http_status=http_status)


def from_answer(answer: Answer, code: str = "", *, billed: bool = False) -> ProviderError:
    """The error an answer stands for; `code` when it is already known."""
    billed = billed or answer.status in (504, 524)
    error = failure(code or code_of(answer), answer.detail, billed=billed, http_status=answer.status)
    error.request_id = answer.request_id
    error.retry_after = answer.retry_after if error.retryable else None
    return error


def code_of(answer: Answer) -> str:
    if answer.status == 503 and answer.at("estimated_time") is not None:
        return "model_loading"
    text = answer.text
    fits = (c for statuses, said, c in ROWS if answer.status in statuses and re.search(said, text, re.IGNORECASE))
    return next(fits, "not_a_picture")


def raise_if_over(deadline: Deadline, detail: str = "", *, billed: bool = False) -> None:
    if deadline.canceled:
        raise failure("canceled", detail, billed=billed)
    if not deadline.remaining():
        raise failure("timeout", f"{detail}: not finished before its deadline", billed=billed)
