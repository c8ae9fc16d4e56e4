import json
from http.client import HTTPConnection

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.workbench.slack.person import Person
from bot.workbench.slack.server import LocalSlack
from tests.workbench.slack.scene import BOT, PLATFORM, ROOM, WORKSPACE, Body, button, card, section


@pytest.fixture
def slack(lasting_slack: LocalSlack) -> LocalSlack:
    lasting_slack.reset()
    lasting_slack.workspace = WORKSPACE
    return lasting_slack


def error_of(client: WebClient, method: str, **arguments: object) -> str:
    with pytest.raises(SlackApiError) as raised:
        client.api_call(method, json=arguments)
    return str(raised.value.response["error"])


def download(slack: LocalSlack, url: str, *, key: str) -> tuple[int, bytes, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", slack.port, timeout=20)
    connection.request("GET", url.removeprefix(slack.url), headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    found = answer.status, answer.read(), dict(answer.getheaders())
    connection.close()
    return found


def test_auth_test_says_whose_token_it_is(client: WebClient) -> None:
    answer = client.auth_test()

    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == (BOT, "B0RUNBOOK", "T0LAKE")


def test_a_method_we_do_not_have_is_unknown(client: WebClient) -> None:
    assert error_of(client, "chat.scheduleMessage", channel=ROOM, text="x") == "unknown_method"


@pytest.mark.parametrize(
    ("token", "error"), [("xoxb-wrong", "invalid_auth"), ("", "not_authed"), ("app", "not_allowed_token_type")]
)
def test_a_wrong_token_is_refused(slack: LocalSlack, token: str, error: str) -> None:
    wrong = WebClient(token=slack.app_token if token == "app" else token, base_url=slack.base_url)

    assert error_of(wrong, "auth.test") == error


def test_a_bot_token_opens_no_socket(client: WebClient, slack: LocalSlack) -> None:
    assert error_of(client, "apps.connections.open") == "not_allowed_token_type"
    opened = client.apps_connections_open(app_token=slack.app_token)
    assert str(opened["url"]).startswith(f"ws://127.0.0.1:{slack.port}/link?ticket=")


def test_form_json_query_and_empty_bodies_are_understood(slack: LocalSlack) -> None:
    connection = HTTPConnection("127.0.0.1", slack.port, timeout=20)
    bearer = {"Authorization": f"Bearer {slack.bot_token}"}
    form = {**bearer, "Content-Type": "application/x-www-form-urlencoded"}
    as_json = {**bearer, "Content-Type": "application/json;charset=utf-8"}
    asked = [
        ("POST", "/api/auth.test", as_json, ""),
        ("POST", "/api/chat.postMessage", form, f"channel={ROOM}&text=x&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D"),
        ("POST", "/api/chat.postMessage", as_json, json.dumps({"channel": ROOM, "text": "x"})),
        ("GET", f"/api/conversations.info?channel={ROOM}", bearer, ""),
        ("POST", "/api/auth.test", {"Content-Type": form["Content-Type"]}, f"token={slack.bot_token}"),
    ]
    answers = []
    for method, path, headers, body in asked:
        connection.request(method, path, body, headers)
        answers.append(json.loads(connection.getresponse().read())["ok"])
    connection.close()

    assert answers == [True] * 5


def test_a_message_comes_back_as_it_was_posted_with_ids_for_its_blocks(client: WebClient, ana: Person) -> None:
    posted = client.chat_postMessage(channel="#incident-etl", text="Approve?", blocks=card(button("Yes", "yes")))

    (message,) = ana.messages(ROOM)
    assert message["ts"] == posted["ts"]
    assert (message["user"], message["bot_id"], message["text"]) == (BOT, "B0RUNBOOK", "Approve?")
    assert len({block["block_id"] for block in message["blocks"]}) == 2
    assert "channel" not in posted["message"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ({"channel": "G0SECRET", "text": "x"}, "channel_not_found"),
        ({"channel": "C0OTHER", "text": "x"}, "not_in_channel"),
        ({"channel": ROOM}, "no_text"),
        ({"channel": ROOM, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": ROOM, "text": "x", "blocks": [section("y" * 2_700)] * 5}, "msg_blocks_too_long"),
        ({"channel": ROOM, "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": ROOM, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": ROOM, "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"channel": ROOM, "text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
    ],
)
def test_posting_is_refused_with_slacks_own_error(client: WebClient, arguments: Body, error: str) -> None:
    assert error_of(client, "chat.postMessage", **arguments) == error


def test_bad_blocks_are_refused_with_the_place(client: WebClient, ana: Person) -> None:
    with pytest.raises(SlackApiError) as raised:
        client.chat_postMessage(channel=ROOM, text="x", blocks=[section("")])

    assert raised.value.response["error"] == "invalid_blocks"
    assert raised.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert ana.messages() == []


def test_an_edit_keeps_the_blocks_that_are_not_given_and_notifies_nobody(client: WebClient, ana: Person) -> None:
    posted = client.chat_postMessage(channel=ROOM, text="x", blocks=[section("x")])

    client.chat_update(channel=ROOM, ts=posted["ts"], text="<@U0ANA>")
    client.chat_update(channel=ROOM, ts=posted["ts"], text="y", blocks=[section("<@U0ANA> now")])
    client.chat_update(channel=ROOM, ts=posted["ts"], text="<@U0ANA> still there")

    (message,) = ana.messages()
    assert message["text"] == "<@U0ANA> still there"
    assert message["blocks"][0]["text"]["text"] == "<@U0ANA> now"
    assert message["edited"]["user"] == BOT
    assert ana.notifications() == []


def test_only_the_apps_own_messages_can_be_edited_or_deleted(client: WebClient, ana: Person) -> None:
    ts = ana.say("#incident-etl", "mine")

    assert error_of(client, "chat.update", channel=ROOM, ts=ts, text="x") == "cant_update_message"
    assert error_of(client, "chat.delete", channel=ROOM, ts=ts) == "cant_delete_message"
    assert error_of(client, "chat.update", channel=ROOM, ts="1.0", text="x") == "message_not_found"


def test_a_deleted_message_is_gone(client: WebClient, ana: Person) -> None:
    posted = client.chat_postMessage(channel=ROOM, text="x")

    client.chat_delete(channel=ROOM, ts=posted["ts"])

    assert ana.messages() == []
    assert error_of(client, "chat.update", channel=ROOM, ts=posted["ts"], text="y") == "message_not_found"


def test_an_ephemeral_is_seen_by_one_notifies_nobody_and_is_in_no_history(
    client: WebClient, ana: Person, bo: Person
) -> None:
    answer = client.chat_postEphemeral(channel=ROOM, user="U0ANA", text="<@U0ANA> only you")

    assert [message["ts"] for message in ana.ephemerals()] == [answer["message_ts"]]
    assert bo.messages() == []
    assert ana.notifications() == []
    assert client.conversations_history(channel=ROOM)["messages"] == []
    wanted = {"channel": ROOM, "ts": answer["message_ts"], "text": "x"}
    assert error_of(client, "chat.update", **wanted) == "message_not_found"


@pytest.mark.parametrize(("user", "error"), [("U0CY", "user_not_in_channel"), ("U0NOBODY", "user_not_found")])
def test_an_ephemeral_needs_a_member_of_the_channel(client: WebClient, user: str, error: str) -> None:
    assert error_of(client, "chat.postEphemeral", channel=ROOM, user=user, text="x") == error


def test_history_and_replies_tell_a_thread_in_order(client: WebClient, ana: Person) -> None:
    root = client.chat_postMessage(channel=ROOM, text="root")["ts"]
    client.chat_postMessage(channel=ROOM, text="one", thread_ts=root)
    client.chat_postMessage(channel=ROOM, text="two", thread_ts=root, reply_broadcast=True)

    history = client.conversations_history(channel=ROOM)["messages"]
    replies = client.conversations_replies(channel=ROOM, ts=root)["messages"]

    assert [message["text"] for message in history] == ["two", "root"]
    assert [message["text"] for message in replies] == ["root", "one", "two"]
    assert (history[1]["reply_count"], history[1]["reply_users"]) == (2, [BOT])
    assert history[0]["subtype"] == "thread_broadcast"


def test_history_comes_in_pages_and_within_bounds(client: WebClient) -> None:
    stamps = [str(client.chat_postMessage(channel=ROOM, text=str(n))["ts"]) for n in range(5)]

    first = client.conversations_history(channel=ROOM, limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = client.conversations_history(channel=ROOM, limit=2, cursor=cursor)
    between = client.conversations_history(channel=ROOM, oldest=stamps[1], latest=stamps[3])

    assert [message["text"] for message in first["messages"]] == ["4", "3"]
    assert [message["text"] for message in second["messages"]] == ["2", "1"]
    assert first["has_more"] is True
    assert [message["text"] for message in between["messages"]] == ["2"]


def test_metadata_comes_back_only_when_asked_for(client: WebClient) -> None:
    metadata = {"event_type": "request", "event_payload": {"approval": "apr_1"}}
    client.chat_postMessage(channel=ROOM, text="x", metadata=metadata)

    (plain,) = client.conversations_history(channel=ROOM)["messages"]
    (full,) = client.conversations_history(channel=ROOM, include_all_metadata=True)["messages"]

    assert "metadata" not in plain
    assert full["metadata"] == metadata


def test_message_times_rise_even_when_the_clock_stands(slack: LocalSlack, client: WebClient) -> None:
    stamps = [str(client.chat_postMessage(channel=ROOM, text="x")["ts"]) for _ in range(20)]

    assert stamps == sorted(set(stamps))


def test_groups_and_people_are_as_in_the_workspace(client: WebClient, slack: LocalSlack) -> None:
    groups = client.usergroups_list(include_users=True)["usergroups"]

    assert {group["handle"] for group in groups} == {"lake-platform", "lake-oncall"}
    assert client.usergroups_users_list(usergroup=PLATFORM)["users"] == ["U0BO", "U0CY", "U0PAGER"]
    slack.workspace = slack.workspace.with_group("lake-platform", ("U0CY",))
    assert client.usergroups_users_list(usergroup=PLATFORM)["users"] == ["U0CY"]
    assert error_of(client, "usergroups.users.list", usergroup="S0NONE") == "no_such_subteam"


def test_guests_bots_and_strangers_are_told_apart(client: WebClient) -> None:
    people = {user["name"]: user for user in client.users_list()["members"]}

    assert people["gus"]["is_restricted"] is True
    assert people["pager"]["is_bot"] is True
    assert (people["eve"]["team_id"], people["eve"]["is_stranger"]) == ("T0OTHER", True)
    assert people["ana"]["is_restricted"] is people["ana"]["is_bot"] is people["ana"]["is_stranger"] is False
    assert error_of(client, "users.info", user="U0NOBODY") == "user_not_found"


def test_channels_are_listed_by_type_and_membership(client: WebClient) -> None:
    listed = client.conversations_list(types="public_channel")["channels"]
    mine = client.users_conversations()["channels"]

    assert {room["name"]: room["is_member"] for room in listed} == {"incident-etl": True, "random": False}
    assert [room["name"] for room in mine] == ["incident-etl"]
    assert "U0GUS" in client.conversations_members(channel=ROOM)["members"]
    assert error_of(client, "conversations.info", channel="G0SECRET") == "channel_not_found"


def test_a_direct_message_is_opened_and_notifies(client: WebClient, ana: Person, bo: Person) -> None:
    opened = client.conversations_open(users="U0ANA")["channel"]["id"]

    client.chat_postMessage(channel=opened, text="between us")

    assert [note["why"] for note in ana.notifications()] == ["dm"]
    assert bo.messages() == []
    assert error_of(client, "conversations.open", users="U0NOBODY") == "user_not_found"
    assert error_of(client, "conversations.open", users="U0NOBODY,U0ANA") == "users_not_found"


def test_a_permalink_leads_to_the_message(client: WebClient, slack: LocalSlack) -> None:
    ts = client.chat_postMessage(channel=ROOM, text="x")["ts"]

    link = client.chat_getPermalink(channel=ROOM, message_ts=ts)["permalink"]

    assert link == f"{slack.url}/archives/{ROOM}/p{ts.replace('.', '')}"


def test_a_reaction_counts_once(client: WebClient, ana: Person) -> None:
    ts = ana.say("#incident-etl", "done")

    client.reactions_add(channel=ROOM, timestamp=ts, name="eyes")

    assert ana.messages()[0]["reactions"] == [{"name": "eyes", "users": [BOT], "count": 1}]
    again = {"channel": ROOM, "timestamp": ts, "name": "eyes"}
    assert error_of(client, "reactions.add", **again) == "already_reacted"


def test_an_uploaded_file_is_in_the_channel_and_downloads_only_with_the_key(
    client: WebClient, slack: LocalSlack, ana: Person
) -> None:
    uploaded = client.files_upload_v2(
        channel=ROOM, filename="chart.png", content=b"\x89PNG bytes", title="Chart", initial_comment="the chart"
    )

    (message,) = ana.messages()
    (file,) = message["files"]
    assert (message["text"], file["title"], file["mimetype"]) == ("the chart", "Chart", "image/png")
    assert client.files_info(file=uploaded["file"]["id"])["file"]["shares"] == {
        "public": {ROOM: [{"ts": message["ts"]}]}
    }
    status, content, headers = download(slack, file["url_private"], key=slack.key)
    assert (status, content, headers["content-type"]) == (200, b"\x89PNG bytes", "image/png")
    assert download(slack, file["url_private"], key="")[0] == 403


def test_an_uploaded_page_is_never_shown_as_a_page(client: WebClient, slack: LocalSlack, ana: Person) -> None:
    client.files_upload_v2(channel=ROOM, filename="a.html", content="<script>alert(1)</script>")

    (file,) = ana.messages()[0]["files"]
    _, _, headers = download(slack, file["url_private"], key=slack.key)
    assert headers["content-disposition"].startswith("attachment")
    assert headers["content-type"] == "application/octet-stream"


def test_a_file_that_was_never_uploaded_cannot_be_shared(client: WebClient) -> None:
    reserved = client.files_getUploadURLExternal(filename="a.txt", length=3)
    wanted = {"files": [{"id": reserved["file_id"]}], "channel_id": ROOM}

    assert error_of(client, "files.completeUploadExternal", **wanted) == "file_not_found"


def test_a_person_shares_a_file_and_the_app_reads_it_with_its_token(
    client: WebClient, slack: LocalSlack, ana: Person
) -> None:
    file = ana.share(ROOM, "INC-7.md", b"# INC-7")

    told = client.files_info(file=file)["file"]
    assert (told["user"], told["name"], told["mode"]) == ("U0ANA", "INC-7.md", "hosted")
    assert download(slack, told["url_private"], key=slack.bot_token)[:2] == (200, b"# INC-7")
    assert download(slack, told["url_private"], key=slack.app_token)[0] == 403


def canvas(markdown: str) -> Body:
    return {"channel_id": ROOM, "title": "INC-7", "document_content": {"type": "markdown", "markdown": markdown}}


def test_a_canvas_is_a_tab_of_its_channel_that_its_readers_can_open(
    client: WebClient, slack: LocalSlack, ana: Person
) -> None:
    made = client.api_call("canvases.create", json=canvas("## One\n\n- a <b>"))
    whole = [{"operation": "replace", "document_content": {"type": "markdown", "markdown": "## Two"}}]
    client.canvases_edit(canvas_id=str(made["canvas_id"]), changes=whole)

    (shown,) = ana.canvases(ROOM)
    assert (shown["id"], shown["title"]) == (made["canvas_id"], "INC-7")
    _, content, headers = download(slack, shown["permalink"], key=slack.key)
    assert b"<h2>Two</h2>" in content
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_a_canvas_slack_would_not_take_is_refused(client: WebClient, slack: LocalSlack) -> None:
    rows = "| a | b | c | d | e |\n|---|---|---|---|---|\n" + "| 1 | 2 | 3 | 4 | 5 |\n" * 60

    assert error_of(client, "canvases.create", **canvas(rows)) == "canvas_creation_failed"
    assert error_of(client, "canvases.create", **canvas("x" * 1_048_577)) == "canvas_creation_failed"
    assert error_of(client, "canvases.create", title="x") == "channel_not_found"
    assert error_of(client, "canvases.edit", canvas_id="F1", changes=[]) == "invalid_arguments"
    slack.fault("no_canvas")
    assert error_of(client, "canvases.create", **canvas("x")) == "canvas_disabled_user_team"
