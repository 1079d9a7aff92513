"""A language is named when its script or its small words speak for it, and only then."""

from __future__ import annotations

import pytest

from evalspec.text.language import guess_language, is_in_another


@pytest.mark.parametrize(
    ("text", "allowed", "expected"),
    [
        ("where is my refund for the order", (), "en"),
        ("wo ist meine Bestellung und wann kommt sie", (), "de"),
        ("dónde está mi pedido, no lo tengo", (), "es"),
        ("où est ma commande, je ne la trouve pas", (), "fr"),
        ("dov'è il mio ordine, non lo trovo", (), "it"),
        ("waar is mijn bestelling en wanneer komt het", (), "nl"),
        ("onde está a minha encomenda, eu não sei", (), "pt"),
        ("mera order kab aayega bhai, kya hai ye", ("en", "hi-Latn"), "hi-Latn"),
        ("明日の天気はどうですか", (), "ja"),
        ("我的订单在哪里", (), "zh"),
        ("내 주문은 어디에 있나요", (), "ko"),
        ("أين طلبي", (), "ar"),
        ("где мой заказ", (), "ru"),
        ("де моє замовлення, її немає", (), "uk"),
        ("मेरा ऑर्डर कहाँ है", (), "hi"),
        ("4481", (), "und"),
        ("", (), "und"),
        ("refund pls", (), "und"),
        ("где мой заказ", ("en",), "und"),
        ("onde está a minha encomenda", ("pt-BR", "en"), "pt-BR"),
    ],
)
def test_languages_by_example(text: str, allowed: tuple[str, ...], expected: str) -> None:
    assert guess_language(text, allowed) == expected


@pytest.mark.parametrize(
    ("text", "own", "allowed", "expected"),
    [
        ("Ich habe die falsche Lampe und will sie nicht. Wo ist mein Geld?", "en", ("en", "de"), True),
        ("Where is my refund and why do I have to wait for it?", "de", ("en", "de"), True),
        ("The order is here but I do not want it", "zh", ("en", "zh"), True),
        ("где мой заказ", "en", ("en", "ru"), True),
        # One word, a title in another language, a language whose words are not known: no evidence.
        ("Zeige alle Wecker an", "de", ("en", "de"), False),
        ("添加 we have a theme song 到 我的 播放 列表 中", "zh", ("en", "zh"), False),
        ("Podseti me da pozovem sestru sutra", "sr", ("sr", "it"), False),
        ("Dónde está mi pedido, no lo tengo y me dicen que ya llegó", "sw", ("sw", "es"), False),
        ("Onde está a minha encomenda? Eu não sei o que se passa com o pedido", "pt-BR", ("pt", "pt-BR"), False),
        ("4481", "de", ("en", "de"), False),
        ("", "de", ("en", "de"), False),
    ],
)
def test_another_language_takes_evidence(text: str, own: str, allowed: tuple[str, ...], expected: bool) -> None:
    """A reply that was paid for is dropped only where its words leave no doubt."""
    assert is_in_another(text, own, allowed) is expected
