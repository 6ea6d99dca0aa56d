"""Every answer the service is known to give, by name, and what a client should make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from time import time

Body = bytes | str | dict | list | None
JPEG_HEADERS = {"Content-Type": "image/jpeg"}
HTML = "<html><head><title>x</title></head><body><h1>502 Bad Gateway</h1><p>nginx</p></body></html>"
LINK_LOCAL = "http://169.254.169.254/latest/meta-data/"


@dataclass(frozen=True)
class Want:
    """The client's error; `None` as a code means a picture."""

    error: str = ""
    code: str | None = None
    retry_after: float | None = None
    retryable: bool = False
    billed: bool = False


@dataclass(frozen=True)
class Scenario:
    """`how` names a behaviour of server.py; without one the body is sent as it is ("{url}" is the stub's address).

    `provider` is the only one that answers so; "" means any.
    """

    want: Want
    status: int = 200
    body: Body = None
    headers: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    how: str = ""
    provider: str = ""


def unavailable(code: str, retry_after: float | None = None, *, billed: bool = False) -> Want:
    return Want("ProviderUnavailable", code, retry_after, retryable=True, billed=billed)


def loading(code: str = "model_loading", retry_after: float | None = None, *, billed: bool = False) -> Want:
    return Want("ModelLoading", code, retry_after, retryable=True, billed=billed)


def limited(retry_after: float | None = None) -> Want:
    return Want("RateLimited", "rate_limited", retry_after, retryable=True)


def invalid(code: str, *, billed: bool = True) -> Want:
    return Want("InvalidResponse", code, retryable=True, billed=billed)


def rejected(code: str, *, billed: bool = False) -> Want:
    return Want("RequestRejected", code, billed=billed)


def refused(code: str) -> Want:
    return Want("AuthenticationFailed", code)


def no_credit(code: str) -> Want:
    return Want("OutOfCredit", code)


PERMISSION = "This authentication method does not have sufficient permissions to call Inference Providers"
RETIRED = "The requested model is deprecated and no longer supported by provider hf-inference"
GATED = "Access to model X is restricted and you are not in the authorized list."

SCENARIOS: dict[str, Scenario] = {
    # A picture, however it comes
    "ok": Scenario(Want(), how="picture"),
    "gzip": Scenario(Want(), how="gzip", headers={"Content-Encoding": "gzip"}),
    "wrong_type": Scenario(Want(), how="picture", headers={"Content-Type": "text/html"}),
    "black": Scenario(Want(), how="black"),
    "jpeg": Scenario(Want(), how="jpeg", headers={"Content-Type": "image/png"}),
    "json_b64": Scenario(Want(), how="json_b64"),
    "hints_first": Scenario(Want(), how="hints_first"),
    "json_url": Scenario(Want(), body={"output": ["{url}/results/512/512/7.png"]}),
    "redirected_result": Scenario(Want(), body={"output": "{url}/redirect?to=/results/512/512/7.png"}),
    # The request is at fault
    "not_supported": Scenario(
        rejected("model_not_served"), 400, {"error": "Model not supported by provider hf-inference"}
    ),
    "bad_input": Scenario(rejected("bad_input"), 400, {"error": "width must be a multiple of 8"}),
    "bad_input_list": Scenario(rejected("bad_input"), 422, {"error": ["`width` is too large", "`height` too"]}),
    "bad_input_detail": Scenario(
        rejected("bad_input"), 422, {"detail": [{"loc": ["body"], "msg": "value is not a valid integer"}]}
    ),
    "too_long": Scenario(rejected("bad_input"), 413, {"detail": "Payload too large"}),
    "content_policy": Scenario(
        rejected("prompt_refused"), 400, {"error": {"message": "Rejected by our content policy", "type": "x"}}
    ),
    # The account is at fault
    "bad_token": Scenario(refused("token_refused"), 401, {"error": "Invalid username or password."}),
    "no_credit": Scenario(
        no_credit("out_of_credit"), 402, {"error": "You have no remaining credits. Purchase pre-paid credits"}
    ),
    "no_credit_old": Scenario(
        no_credit("out_of_credit"), 402, {"error": "You have exceeded your monthly included credits for X"}
    ),
    "no_payment": Scenario(
        no_credit("payment_not_enabled"), 402, {"error": "Pay-as-you go is not enabled for provider fal-ai yet."}
    ),
    "no_permission": Scenario(refused("token_not_allowed"), 403, {"error": f"{PERMISSION} on behalf of user me"}),
    "gated": Scenario(rejected("model_gated"), 403, {"error": GATED}),
    # The model is at fault
    "not_found": Scenario(rejected("model_gone"), 404, "Not Found"),
    "retired": Scenario(rejected("model_gone"), 410, {"error": RETIRED}),
    "loading": Scenario(
        loading(retry_after=20.0), 503, {"error": "Model X is currently loading", "estimated_time": 20.0}
    ),
    "loading_for_hours": Scenario(loading(retry_after=600.0), 503, {"error": "loading", "estimated_time": 1e9}),
    "busy": Scenario(loading("model_busy"), 503, {"error": "Model too busy"}),
    # Wait
    "rate_limited": Scenario(limited(7.0), 429, {"error": "Too many requests"}, {"Retry-After": "7"}),
    "rate_limited_date": Scenario(
        limited(30.0), 429, "slow down", {"Retry-After": lambda: formatdate(time() + 30, usegmt=True)}
    ),
    "rate_limited_absurd": Scenario(limited(600.0), 429, "slow down", {"Retry-After": "86400"}),
    "rate_limited_negative": Scenario(limited(0.0), 429, "slow down", {"Retry-After": "-5"}),
    "rate_limited_nonsense": Scenario(limited(), 429, "slow down", {"Retry-After": "soon"}),
    "rate_limit_header": Scenario(limited(37.0), 429, {}, {"RateLimit": '"api";r=0;t=37'}),
    "rate_limit_header_left": Scenario(limited(), 429, {}, {"RateLimit": '"api";r=9;t=37'}),
    "request_timeout": Scenario(unavailable("timeout", 3.0), 408, "", {"Retry-After": "3"}),
    # The service is at fault
    "server_error": Scenario(unavailable("service_fault"), 500, {"error": {"message": "CUDA out of memory"}}),
    "server_error_text": Scenario(unavailable("service_fault"), 500, "Internal Server Error"),
    "server_error_errors": Scenario(unavailable("service_fault"), 500, {"errors": [{"message": "boom"}]}),
    "server_error_message": Scenario(unavailable("service_fault"), 500, {"message": "boom"}),
    "bad_gateway": Scenario(unavailable("service_fault"), 502, HTML, {"Content-Type": "text/html"}),
    "away": Scenario(unavailable("service_fault"), 503, "", {}),
    "gateway_timeout": Scenario(unavailable("timeout", billed=True), 504, HTML, {"Content-Type": "text/html"}),
    "gateway_timeout_empty": Scenario(unavailable("timeout", billed=True), 504, ""),
    "moved": Scenario(rejected("wrong_address"), 302, "", {"Location": "http://127.0.0.2:9/elsewhere"}),
    # A success without a picture
    "json_error": Scenario(invalid("error_in_answer", billed=False), 200, {"error": "something went wrong"}),
    "json_of_nothing": Scenario(invalid("not_a_picture"), 200, {"fine": True}),
    "html": Scenario(invalid("not_a_picture"), 200, HTML, {"Content-Type": "image/png"}),
    "garbage": Scenario(invalid("not_a_picture"), 200, b"\x00\x01\x02garbage" * 9, {"Content-Type": "image/png"}),
    "garbage_b64": Scenario(invalid("not_a_picture"), 200, {"data": [{"b64_json": "aGVsbG8="}]}),
    "empty": Scenario(invalid("empty_answer"), 200, b""),
    "no_content": Scenario(invalid("empty_answer"), 204, b""),
    "gzip_bomb": Scenario(invalid("too_large"), how="gzip_bomb", headers={"Content-Encoding": "gzip"}),
    "bad_gzip": Scenario(invalid("broken_off"), 200, b"not gzip at all", {"Content-Encoding": "gzip"}),
    "endless": Scenario(invalid("too_large"), how="endless"),
    "truncated": Scenario(invalid("broken_off"), how="truncated"),
    "truncated_chunks": Scenario(invalid("broken_off"), how="truncated_chunks"),
    "hidden": Scenario(
        rejected("safety_filter", billed=True),
        body={"images": [{"url": "{url}/results/512/512/7.png"}], "seed": 7, "has_nsfw_concepts": [True]},
        provider="fal-ai",
    ),
    # The connection
    "reset": Scenario(unavailable("unreachable"), how="reset"),
    "reset_in_body": Scenario(invalid("broken_off"), how="reset_in_body"),
    "hang": Scenario(unavailable("timeout", billed=True), how="hang"),
    "slow_headers": Scenario(unavailable("timeout", billed=True), how="slow_headers"),
    "slow_body": Scenario(unavailable("timeout", billed=True), how="slow_body"),
    "not_http": Scenario(unavailable("unreachable"), how="not_http"),
    # Links
    "link_local": Scenario(invalid("unsafe_link"), body={"output": LINK_LOCAL}),
    "link_to_file": Scenario(invalid("unsafe_link"), body={"images": [{"url": "http://user:pass@127.0.0.1/"}]}),
    "redirect_to_link_local": Scenario(invalid("unsafe_link"), body={"output": "{url}/redirect?to=" + LINK_LOCAL}),
    "redirect_for_ever": Scenario(invalid("unsafe_link"), body={"output": "{url}/redirect?to=/redirect/again"}),
    "link_missing": Scenario(invalid("result_missing"), body={"output": "{url}/results/gone"}),
    # One provider's own ways
    "still_cold": Scenario(
        loading(billed=True), 201, {"status": "starting", "output": None, "error": None}, provider="replicate"
    ),
    "replicate_failed": Scenario(
        invalid("drawing_failed"), 201, {"status": "failed", "output": None, "error": "boom"}, provider="replicate"
    ),
    "replicate_nsfw": Scenario(
        rejected("prompt_refused", billed=True),
        201,
        {"status": "failed", "output": None, "error": "NSFW content detected"},
        provider="replicate",
    ),
    "poll_failed": Scenario(invalid("drawing_failed"), how="poll_failed", provider="wavespeed"),
    "poll_hiccup": Scenario(Want(), how="poll_hiccup", provider="wavespeed"),
    "poll_gone": Scenario(invalid("result_missing"), how="poll_gone", provider="wavespeed"),
    "poll_for_ever": Scenario(unavailable("timeout", billed=True), how="poll_for_ever", provider="wavespeed"),
    "poll_without_link": Scenario(
        invalid("error_in_answer"), body={"data": {"status": "created"}}, provider="wavespeed"
    ),
}
SLOW = ("hang", "slow_headers", "slow_body", "poll_for_ever")
