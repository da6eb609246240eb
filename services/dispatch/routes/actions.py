"""The actions, each its own operation."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.dispatch import actions, schemas
from services.dispatch.routes.answer_examples import TICKET
from services.dispatch.routes.examples import BODIES
from services.dispatch.routes.perform import Action, perform
from shared.web.openapi import answers, body_of, parameter

router = APIRouter(prefix="/v1/tickets", tags=["工单操作"])

ACTIONS: tuple[tuple[Action, str], ...] = (
    (
        Action(
            "triage",
            schemas.Triage,
            actions.triage,
            actions.check_triage,
            gather=actions.gather,
            gathers_later=True,
        ),
        "收单分类（受理员）",
    ),
    (
        Action("dispatch", schemas.Dispatch, actions.dispatch, actions.check_dispatch),
        "派单：一个主办，可有协办（受理员）",
    ),
    (Action("accept", schemas.Acceptance, actions.accept), "接单，指明承办人（主办、协办）"),
    (Action("contact", schemas.ContactBody, actions.contact), "记录先行联系（受理员、承办单位）"),
    (Action("dispose", schemas.Disposal, actions.dispose), "记录处置（主办、协办）"),
    (
        Action("site-visit", schemas.SiteVisitBody, actions.visit_site, actions.check_visit),
        "记录现场查看（受理员、承办单位、局领导）",
    ),
    (
        Action("feedback", schemas.FeedbackBody, actions.feedback, actions.check_feedback),
        "反馈办理结果（主办）",
    ),
    (
        Action("reject-feedback", schemas.Rejection, actions.reject_feedback),
        "退回反馈（受理员）",
    ),
    (Action("reply", schemas.ReplyBody, actions.reply), "回复诉求人（受理员、主办）"),
    (Action("complete", schemas.Completion, actions.complete), "办结（受理员）"),
    (Action("follow-up", schemas.FollowUpBody, actions.follow_up), "回访（受理员）"),
    (
        Action("return", schemas.ReturnBody, actions.return_ticket, actions.check_return),
        "申请退单（主办），时限照走",
    ),
    (
        Action("decide-return", schemas.Decision, actions.decide_return),
        "决定是否准予退单（受理员）",
    ),
    (
        Action(
            "request-upstream-return", schemas.UpstreamReturnBody, actions.request_upstream_return
        ),
        "向上级平台申请退单，一次为限（受理员）",
    ),
    (
        Action(
            "request-extension",
            schemas.ExtensionBody,
            actions.request_extension,
            actions.check_extension,
        ),
        "申请延期，每轮一次（受理员、主办）",
    ),
    (
        Action("decide-extension", schemas.Decision, actions.decide_extension),
        "决定是否同意延期并上报（局领导）",
    ),
    (
        Action(
            "merge",
            schemas.Merge,
            actions.merge,
            actions.check_merge,
            names="into",
            gather=actions.share_matter,
        ),
        "并入另一件同行业的在办工单（受理员）",
    ),
    (Action("void", schemas.VoidBody, actions.void), "申请作废（受理员）"),
    (Action("confirm-void", schemas.Decision, actions.confirm_void), "决定是否作废（局领导）"),
    (
        Action("appeal", schemas.AppealBody, actions.appeal, bar=actions.bar_appeal),
        "申诉：超期、回访或认定重复不应计入，每轮每项一次（该轮最后的主办）",
    ),
    (
        Action(
            "decide-appeal",
            schemas.AppealDecision,
            actions.decide_appeal,
            bar=actions.bar_own_appeal,
        ),
        "决定申诉，只改考核，不动时限与状态（局领导）",
    ),
    (Action("exclude", schemas.ExclusionBody, actions.exclude), "申请剔除，不计入考核（受理员）"),
    (
        Action("decide-exclusion", schemas.Decision, actions.decide_exclusion),
        "决定是否剔除（局领导）",
    ),
    (Action("urge", schemas.Urge, actions.urge), "催办（受理员、局领导）"),
    (
        Action("supervise", schemas.Supervision, actions.supervise, actions.check_supervision),
        "督办（受理员、局领导）",
    ),
)
HEADERS = [
    parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True),
    parameter("If-Match", "只在工单仍为此版本时执行", where="header"),
]


def endpoint(action: Action) -> Callable[[Request, str], Coroutine[Any, Any, Response]]:
    async def run(request: Request, no: str) -> Response:
        return await perform(request, no, action)

    run.__name__ = action.name.replace("-", "_")
    return run


for _action, _summary in ACTIONS:
    router.add_api_route(
        f"/{{no}}/{_action.name}",
        endpoint(_action),
        methods=["POST"],
        summary=_summary,
        operation_id=_action.name.replace("-", "_"),
        openapi_extra=body_of(_action.body, BODIES[_action.name]) | {"parameters": HEADERS},
        responses=answers(TICKET, text="操作后的工单"),
    )
