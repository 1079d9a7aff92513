"""Words before a number that say what it is: somebody's telephone, or the id of a thing."""

from __future__ import annotations

import re

from evalspec.text.patterns import lazy_pattern

# How far back a cue may stand; `my phone number, the one on the account, is` is 43 characters long.
_REACH = 48

_ID = lazy_pattern(
    r"\b(?:orders?|order[ _-]?(?:id|no|number)|track(?:ing)?|awb|parcel|package|shipment|invoices?|receipt|"
    r"accounts?|acct|a/c|case|tickets?|ref(?:erence)?|confirmation|booking|pnr|reservation|transaction|txn|utr|"
    r"policy|claim|serial|imei|sku|item|product|model|isbn|upc|zip|pin ?code|vin|id|amount|total|price|balance|"
    r"rs|inr|usd|eur|"
    r"pedido|factura|reserva|seguimiento|cuenta|commande|facture|colis|compte|bestell(?:ung|nummer)?|"
    r"auftrags?(?:nummer)?|rechnung(?:snummer)?|sendungs?(?:nummer)?|kunden?nummer|konto(?:nummer)?|vertrags?nummer|"
    r"ordine|fattura|spedizione|encomenda|fatura|zamówieni\w*|bestelling|factuur|заказ\w*|счет\w*|трек\w*|订单号?|単号|注文番号)\b"
    r"|订单|运单|注文|追跡|ऑर्डर|आर्डर|[$€£₹¥]|(?<!phone)(?<!phone )(?<!ph)(?<!tel)(?<!cell)(?<!mob)(?<!mobile)#",
    re.IGNORECASE,
)
_PHONE = lazy_pattern(
    r"\b(?:tele)?(?:phones?|fono?)\b|\b(?:phone|ph|tel|tlf|tél|cell(?:ular|phone)?|mobiles?|mob|whats ?app|watsapp|wa|"
    r"fax|landline|"
    r"sms|contact(?: ?(?:no|num|number|me|info))?|call(?: ?back)?(?: (?:me|us))?|text(?: me)?|"
    r"ring|dial|reach(?: me)?|whats|"
    r"teléfono|telefono|móvil|movil|celular|llám[ae]me|llamar(?:me)?|téléphone|telephone|portable|appele[zr](?:-moi)?|joindre|joignable|"
    r"telefon\w*|handy\w*|mobil\w*|rückruf\w*|anrufen|erreichbar|erreichen|cellulare|chiam\w+|telefone|"
    r"telemóvel|ligar|ligue|"
    r"zadzwo\w*|dzwoni\w*|komórk\w*|kom|bel|bellen|telefoon\w*|gsm|cep|"
    r"ara(?:yın|yin|yabilir\w*)|тел(?:ефон\w*)?|номер телефона|позвон\w+|звон\w+)\b|"
    r"电话|手机|電話|携帯|फ़?ोन|मोबाइल|전화|휴대폰|هاتف|جوال|โทร",
    re.IGNORECASE,
)


def names_an_id(text: str, start: int) -> bool:
    """Tell whether the words before `start` call what follows an order, an account, an amount or the like."""
    return _last(_ID, _before(text, start)) > _last(_PHONE, _before(text, start))


def names_a_phone(text: str, start: int) -> bool:
    """Tell whether the words before `start` call what follows a telephone number, and nothing later says otherwise."""
    before = _before(text, start)
    return _last(_PHONE, before) > _last(_ID, before)


def _before(text: str, start: int) -> str:
    return text[max(0, start - _REACH) : start]


def _last(pattern: re.Pattern[str], before: str) -> int:
    return max((found.start() for found in pattern.finditer(before)), default=-1)
