"""A language is named when its script or its small words speak for it, and only then."""

from __future__ import annotations

import pytest

from evalspec.text.language import guess_language


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
