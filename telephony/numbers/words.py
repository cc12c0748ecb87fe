"""Words that people write beside phone numbers, in the languages of the world."""

# Before a number: in signatures, contact lists and on shop signs.
LABELS = """
    tel tele telephone telefon telefone teléfono telefono telèfon tél téléphone telefoon
    telp tlp telefoni telefonas telefonnummer telefonnr tlf tlfn sími sim puh puhelin telefonszám
    telefonu telpon phone phones ph fon fono fone foon teln telno phoneno telnr mobile mobil
    móvil movil mob mobiel mobilnummer mobitel mobilni mobilon cell cellphone cellular cel
    celular celulare cellulare handy natel portable portabel gsm kännykkä matkapuhelin komórka
    kom cep hp home work office landline main direct dir direkt directo direto diretto ligne
    desk hq headquarters reception switchboard central centralita zentrale standard private
    business personal sales support service info hotline helpline helpdesk infoline freephone
    tollfree toll free other voice primary fixed fix festnetz fixe fijo fixo fisso vast thuis
    werk zuhause arbeit privat geschäftlich büro dienstlich bureau domicile oficina trabajo casa
    ufficio trabalho escritório domov práca praca dom biuro iş ev kontor hjem jobb hem arbete
    fax telefax faks call dial contact contacto contato kontakt number no nr num numéro numero
    número nummer numer номер n° № whatsapp wa signal viber telegram sms text facetime skype
    line ring appelez llame тел телефон тел-н моб мобильный мобильний мобилен сот сотовый раб
    рабочий дом домашний факс звоните горячая линия τηλ τηλέφωνο κιν κινητό հեռ ტელ 电话 電話
    电话号码 電話番号 電話號碼 手机 手機 手机号 手機號碼 携帯 携帯電話 座机 传真 直通 代表
    联系电话 聯絡電話 連絡先 전화 전화번호 휴대폰 휴대전화 핸드폰 연락처 대표 직통 هاتف الهاتف
    تلفون تليفون جوال موبايل محمول تلفن موبایل همراه شماره فون فاكس טל טלפון נייד פלאפון phon
    फोन फ़ोन मोबाइल दूरभाष ফোন মোবাইল โทร โทรศัพท์ มือถือ điện thoại đt di động sđt simu namba
    rufnummer telefonnumer mobilfunk mobilfunknummer mobiltelefon mobilnr handynummer handynr
    ruf durchwahl zentralnummer tel-nr directe directa direta direktwahl port tfno tno telf
    telfs tels teléfonos telemóvel tlm telem zap verde comercial residencial recado atendimento
    sac vendas ventas atención cliente servicio contatto contatti assistenza centralino recapito
    segreteria infolinia telefoniczny stacjonarny stacjonarna sekretariat recepcja
    telefoonnummer mobielnummer tfn vaktmobil sentralbord växel växeln kundservice kundtjänst
    asiakaspalvelu vaihde központ ügyfélszolgálat vezetékes recepce ústředna фах моб.тел
    приемная приёмная диспетчер контакты контакт контактный номера справочная бесплатно
    мобільний робочий центр σταθερό φαξ тел.факс телефона телефоны телефони 代表電話 代表番号
    電話お問い合わせ お問い合わせ お問合せ 問合せ フリーダイヤル フリーコール 直通電話 携帯番号
    携帯電話番号 自宅 会社 勤務先 予約 受付 ご予約 ファックス 대표전화 대표번호 고객센터 문의
    문의전화 팩스 사무실 집 회사 예약 연락전화 핸드폰번호 휴대폰번호 客服 客服电话 客服熱線
    服务热线 服務熱線 热线 熱線 熱線電話 热线电话 咨询电话 訂位 訂位電話 市話 固话 固定电话
    办公电话 公司电话 微信 微信号 移动电话 行動電話 傳真 专线 專線 免费电话 رقم الرقم للتواصل
    للاتصال اتصل تواصل واتساب واتس الجوال الموبايل جوّال للحجز للاستفسار شماره‌ تماس دفتر منزل
    واتساپ סלולרי משרד בית פקס ווטסאפ טל' नंबर नम्बर संपर्क मोबाईल নম্বর தொலைபேசி எண் cont mb
    mbl เบอร์ เบอร์โทร เบอร์โทรศัพท์ เบอร์มือถือ ติดต่อ แฟกซ์ สายด่วน số máy bàn liên hệ gọi
    ddi did freecall h/p mobilní telefonní č čís 手机号码 电话号
    zalo nomor telepon kantor rumah kontak hubungi numeri nambari piga
"""

# Between a number and the extension that follows it; an underscore stands for spaces.
EXTENSION_WORDS = """
    extensions extension extensión extensão extn ext exten xtn xt x ekst int interno interna
    interne intern interior anexo ramal ram poste linha linka klapka posto puesto durchwahl dw
    nebenstelle nst apparat app toestel tst anknytning ankn alanumero lokal lok local loc
    wewnętrzny wewn wew mellék mell dahili εσωτ εσωτερικό nhánh máy_lẻ
    số_máy_lẻ máy_nhánh nội_bộ số_nội_bộ pesawat добавочный доб доп
    внутренний внутр вн внут дод вътр лок 内線番号 内線 內線 内线 分機 分机 轉分機 转分机 轉 转
    내선번호 내선 구내 تحويلة داخلي داخلی שלוחה שלוחות ต่อ กด एक्सटेंशन
"""


def longest_first(words: str) -> list[str]:
    """Return the words in the order in which a pattern has to try them."""
    return sorted(words.split(), key=len, reverse=True)
