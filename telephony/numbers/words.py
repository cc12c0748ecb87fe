"""The words that people write beside phone numbers, in the languages of the world."""

# Before a number: in signatures, contact lists and on shop signs.
LABELS = """
    tel tele telephone telefon telefone teléfono telefono telèfon tél téléphone telefoon
    telefoni telefonas telefonnummer telefonnr tlf tlfn sími sim puh puhelin telefonszám
    telefonu telpon phone phones ph fon fono fone foon teln telno phoneno telnr mobile mobil
    móvil movil mob mobiel mobilnummer mobitel mobilni mobilon cell cellphone cellular cel
    celular celulare cellulare handy natel portable portabel gsm kännykkä matkapuhelin komórka
    kom cep hp home work office landline main direct dir direkt directo direto diretto ligne
    desk hq headquarters reception switchboard central centralita zentrale standard private
    business personal sales support service info hotline helpline helpdesk infoline freephone
    tollfree toll free other voice primary fixed fix festnetz fixe fijo fixo fisso vast thuis
    werk zuhause arbeit privat geschäftlich büro dienstlich bureau domicile oficina trabajo casa
    ufficio trabalho escritório domov práca praca dom biuro iş ev kontor hjem jobb hem arbete
    fax telefax faks call dial contact contacto contato kontakt us number no nr num numéro
    numero número nummer numer номер n° № whatsapp wa signal viber telegram sms text facetime
    skype line ring appelez llame тел телефон тел-н моб мобильный мобильний мобилен сот сотовый
    раб рабочий дом домашний факс звоните горячая линия τηλ τηλέφωνο κιν κινητό հեռ ტელ 电话
    電話 电话号码 電話番号 電話號碼 手机 手機 手机号 手機號碼 携帯 携帯電話 座机 传真 直通 代表
    联系电话 聯絡電話 連絡先 전화 전화번호 휴대폰 휴대전화 핸드폰 연락처 대표 직통 هاتف الهاتف
    تلفون تليفون جوال موبايل محمول تلفن موبایل همراه شماره فون فاكس טל טלפון נייד פלאפון phon
    फोन फ़ोन मोबाइल दूरभाष ফোন মোবাইল โทร โทรศัพท์ มือถือ điện thoại đt di động sđt simu namba
"""

# Between a number and the extension that follows it.
EXTENSION_WORDS = """
    extensions extension extensión extensão extn ext exten xtn xt x ekst int interno interna
    interne intern interior anexo ramal ram poste linha linka klapka posto puesto durchwahl dw
    nebenstelle nst apparat app toestel tst anknytning ankn alanumero lokal lok local loc
    wewnętrzny wewn wew mellék mell dahili εσωτ εσωτερικό nhánh pesawat добавочный доб доп
    внутренний внутр вн внут дод вътр лок 内線番号 内線 內線 内线 分機 分机 轉分機 转分机 轉 转
    내선번호 내선 구내 تحويلة داخلي داخلی שלוחה שלוחות ต่อ กด एक्सटेंशन
"""


def longest_first(words: str) -> list[str]:
    """Return the words in the order in which a pattern has to try them."""
    return sorted(words.split(), key=len, reverse=True)
