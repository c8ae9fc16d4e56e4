from collections.abc import Callable

import pytest
from slack_bolt import Ack
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.workbench.slack.person import Person
from tests.workbench.slack.scene import Body, Bot, Connect, actions, button, by_http, modal, section, text_input

REASON = text_input("Reason", "reason", "why")
OPTIONS: list[Body] = [
    {"text": {"type": "plain_text", "text": "Not now"}, "value": "later"},
    {"text": {"type": "plain_text", "text": "Wrong values"}, "value": "wrong"},
]
KIND: Body = {
    "type": "input",
    "block_id": "kind",
    "label": {"type": "plain_text", "text": "Kind"},
    "element": {
        "type": "static_select",
        "action_id": "kind",
        "options": OPTIONS,
    },
}


def opens(bot: Bot, view: Body) -> None:
    def listen(ack: Ack, body: Body, client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=view)
        ack()

    bot.app.command("/runbook")(listen)


def on_submit(bot: Bot, answer: Callable[[Ack, Body], object]) -> list[Body]:
    heard: list[Body] = []

    def listen(ack: Ack, body: Body) -> None:
        heard.append(body)
        answer(ack, body)

    bot.app.view("decline")(listen)
    return heard


def test_a_modal_is_filled_in_refused_corrected_and_closed(bot: Bot, connect: Connect, ana: Person) -> None:
    opens(bot, modal(REASON, KIND, private_metadata="apr_1"))

    def answer(ack: Ack, body: Body) -> None:
        reason = body["view"]["state"]["values"]["why"]["reason"]["value"]
        if len(reason) < 5:
            ack(response_action="errors", errors={"why": "Say a little more."})
        else:
            ack()

    heard = on_submit(bot, answer)

    with connect(bot):
        ana.slash("#incident-etl", "/runbook decline")
        refused = ana.submit({"Reason": "no", "Kind": "Not now"})
        still_open = ana.view()
        closed = ana.submit({"reason": "file not fixed yet", "kind": "later"})

    assert refused == {"ok": False, "errors": {"why": "Say a little more."}}
    assert still_open is not None
    assert closed == {"ok": True, "view": None}
    view = heard[1]["view"]
    assert view["state"]["values"] == {
        "why": {"reason": {"type": "plain_text_input", "value": "file not fixed yet"}},
        "kind": {"kind": {"type": "static_select", "selected_option": OPTIONS[0]}},
    }
    assert (view["private_metadata"], view["callback_id"]) == ("apr_1", "decline")
    assert view["root_view_id"] == view["id"]
    assert view["hash"]


def test_an_empty_required_input_never_reaches_the_app(bot: Bot, connect: Connect, ana: Person) -> None:
    opens(bot, modal(REASON, {**KIND, "optional": True}))
    heard = on_submit(bot, lambda ack, _: ack())

    with connect(bot):
        ana.slash("#incident-etl", "/runbook decline")
        answer = ana.submit({})

    assert answer == {"ok": False, "errors": {"why": "Please complete this required field."}}
    assert heard == []


def test_an_input_nobody_touched_arrives_as_null(bot: Bot, connect: Connect, ana: Person) -> None:
    opens(bot, modal(REASON, {**KIND, "optional": True}))
    heard = on_submit(bot, lambda ack, _: ack())

    with connect(bot):
        ana.slash("#incident-etl", "/runbook decline")
        ana.submit({"Reason": "because"})

    kind = heard[0]["view"]["state"]["values"]["kind"]["kind"]
    assert kind == {"type": "static_select", "selected_option": None}


@pytest.mark.parametrize(
    ("response", "titles"),
    [
        ({"response_action": "update", "view": modal(section("2"))}, ["Decline"]),
        ({"response_action": "push", "view": modal(section("2"))}, ["Decline", "Decline"]),
        ({"response_action": "clear"}, []),
    ],
    ids=["update", "push", "clear"],
)
def test_a_submit_can_be_answered_with_another_view(
    bot: Bot, connect: Connect, ana: Person, response: Body, titles: list[str]
) -> None:
    opens(bot, modal(section("1")))
    on_submit(bot, lambda ack, _: ack(**response))

    with connect(bot):
        ana.slash("#incident-etl", "/runbook decline")
        ana.submit()

    shown = []
    while view := ana.view():
        shown.append(view["title"]["text"])
        ana.close_view()
    assert shown == titles


def test_errors_for_a_block_that_is_no_input_are_the_apps_mistake(bot: Bot, ana: Person) -> None:
    opens(bot, modal(REASON))
    on_submit(bot, lambda ack, _: ack(response_action="errors", errors={"nothing": "x"}))

    with by_http(bot):
        ana.slash("#incident-etl", "/runbook decline")
        answer = ana.submit({"Reason": "because"})

    assert answer["ok"] is False
    assert "must name input blocks" in answer["error"]


def test_a_button_in_a_modal_pushes_at_most_three_deep(bot: Bot, ana: Person) -> None:
    errors: list[str] = []

    def push(ack: Ack, body: Body, client: WebClient) -> None:
        ack()
        try:
            client.views_push(trigger_id=body["trigger_id"], view=more)
        except SlackApiError as refused:
            errors.append(str(refused.response["error"]))

    more = modal(actions(button("More", "more")))
    opens(bot, more)
    bot.app.action("more")(push)

    with by_http(bot):
        ana.slash("#incident-etl", "/runbook show")
        root = ana.wait_for_view()
        for _ in range(3):
            ana.click_in_view("More")

    view = ana.wait_for_view()
    assert errors == ["push_limit_reached"]
    assert view["root_view_id"] == root["id"]
    assert view["previous_view_id"] not in (None, root["id"])


def test_a_modal_click_carries_the_view_and_what_was_typed_so_far(bot: Bot, ana: Person) -> None:
    heard: list[Body] = []

    def listen(ack: Ack, body: Body) -> None:
        ack()
        heard.append(body)

    bot.app.action("more")(listen)
    opens(bot, modal(REASON, actions(button("More", "more"))))

    with by_http(bot):
        ana.slash("#incident-etl", "/runbook show")
        view = ana.wait_for_view()
        values = {"why": {"reason": {"type": "plain_text_input", "value": "half a"}}}
        ana.do("click", view_id=view["id"], action_id="more", values=values)

    assert heard[0]["container"] == {"type": "view", "view_id": view["id"]}
    assert heard[0]["view"]["state"]["values"] == values


def test_an_update_with_an_old_hash_is_refused(bot: Bot, ana: Person, client: WebClient) -> None:
    opens(bot, modal(section("1")))
    with by_http(bot):
        ana.slash("#incident-etl", "/runbook show")
    view = ana.wait_for_view()

    updated = client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("2")))

    assert updated["view"]["hash"] != view["hash"]
    assert ana.wait_for_view()["blocks"][0]["text"]["text"] == "2"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("3")))
    with pytest.raises(SlackApiError, match="not_found"):
        client.views_update(view_id="V0NONE", view=modal(section("3")))


def test_a_view_slack_would_not_take_is_refused_and_the_trigger_stays_good(
    bot: Bot, ana: Person, client: WebClient
) -> None:
    triggers: list[str] = []

    def listen(ack: Ack, body: Body) -> None:
        ack()
        triggers.append(body["trigger_id"])

    bot.app.command("/runbook")(listen)
    with by_http(bot):
        ana.slash("#incident-etl", "/runbook show")

    with pytest.raises(SlackApiError) as raised:
        client.views_open(trigger_id=triggers[0], view=modal(section("")))

    assert raised.value.response["error"] == "invalid_arguments"
    assert raised.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be more than 0 characters [json-pointer:/view/blocks/0/text/text]"
    ]
    assert client.views_open(trigger_id=triggers[0], view=modal(section("x")))["ok"] is True


@pytest.mark.parametrize(("asked", "expected"), [(True, [False]), (False, [])])
def test_the_app_hears_of_a_closed_modal_only_if_it_asked(
    bot: Bot, ana: Person, asked: bool, expected: list[bool]
) -> None:
    closed: list[bool] = []

    def listen(ack: Ack, body: Body) -> None:
        ack()
        closed.append(body["is_cleared"])

    bot.app.view_closed("decline")(listen)
    opens(bot, modal(section("1"), notify_on_close=asked))

    with by_http(bot):
        ana.slash("#incident-etl", "/runbook show")
        ana.close_view()

    assert closed == expected
    assert ana.view() is None


def test_another_persons_modal_cannot_be_submitted(bot: Bot, ana: Person, bo: Person) -> None:
    opens(bot, modal(section("1")))
    heard = on_submit(bot, lambda ack, _: ack())

    with by_http(bot):
        ana.slash("#incident-etl", "/runbook show")
        answer = bo.do("submit", view_id=ana.wait_for_view()["id"], values={})

    assert answer["error"] == "not_found"
    assert heard == []
