from bot.workbench.lake import mending


class Moto:
    def answer(self) -> str:
        return "moto"


def test_what_was_replaced_comes_back_when_the_lake_closes_however_often_it_was_replaced() -> None:
    for words in ("once", "twice"):
        mending.replace(Moto, "answer", lambda _self, words=words: words)
    assert Moto().answer() == "twice"

    mending.restore()

    assert Moto().answer() == "moto"


def test_what_moto_lacks_is_gone_again_when_the_lake_closes() -> None:
    mending.replace(Moto, "ask", lambda _self: "ours")
    assert hasattr(Moto, "ask")

    mending.restore()

    assert not hasattr(Moto, "ask")
