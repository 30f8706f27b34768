"""The languages that pages are set in: script, frequent words, syllables for pseudo-words, letters a font must have."""

from __future__ import annotations

# Each language: script, name of a system word list, its short frequent words, syllables for pseudo-words.
TABLE: dict[str, tuple[str, str, str, str]] = {
    "en": (
        "latin",
        "american-english",
        "the of and to in a is that for it was on with as be at by this have from or",
        "ing er tion st con pre ment ly ra ti lo ca the ou ght ea sh ne ro de ma ble po ted wa qu ex",
    ),
    "de": (
        "latin",
        "ngerman",
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein als auch",
        "ung ge ver sch keit en ber lich ten ein stä ö füh rei ße nau ach ter kön haus bür wer",
    ),
    "fr": (
        "latin",
        "french",
        "de la le et les des en un du une que est pour qui dans à par plus pas au sur ne",
        "tion ment é ré com eur aux è ou ais ité que ain ço ver lle î mar roi sem ble ance",
    ),
    "es": (
        "latin",
        "spanish",
        "de la que el en y a los se del las un por con no una su para es al lo como más",
        "ción ado mente ñ ar re co tra es ía dor pe lla ino ción qui ter val mo ju ez",
    ),
    "it": (
        "latin",
        "italian",
        "di e il la che in a per un è del si le una con i non da al sono come più nel",
        "zione men to re co gli sta ro ità per vo la sci no gno tte ma ri do fo",
    ),
    "pl": (
        "latin",
        "polish",
        "w i na z się do nie jest że o to od przez po jak dla ale tym oraz był za być",
        "nie prze ość ą sz cz rz owa ski ł ę ania ó za po stwo dzie kra no wie ży",
    ),
    "cs": (
        "latin",
        "",
        "a v se na je že o s z do i to k ve pro za by jako po od které jsou byl podle",
        "ní ost př ě ova š ž ř ství ko za ted né ru ho vý ch ů pro da",
    ),
    "pt": (
        "latin",
        "portuguese",
        "de a o que e do da em um para é com não uma os no se na por mais as dos",
        "ção ões mente ar ro lha nho ê pre de ra to ma co ã vi ter es",
    ),
    "nl": (
        "latin",
        "dutch",
        "de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar",
        "ing ver ij sch oe aa ge heid lijk ter ber ui nd ste ken voor",
    ),
    "sv": (
        "latin",
        "swedish",
        "och i att det som en på är av för med till den har de inte om ett men var",
        "ning het för å ä ö lig sk an ter kom mar rik sjö ande st",
    ),
    "hu": (
        "latin",
        "",
        "a az és hogy nem is egy ez meg de van volt csak el még mint ki be ha vagy",
        "ság ő ű ás ok ban tel ész gy ny sz ék ó meg lő kö ve",
    ),
    "tr": (
        "latin",
        "",
        "ve bir bu da de için ile çok daha gibi olarak ne o kadar sonra en var olan",
        "lar ler ı ş ğ mak ci ği dan ü ö yor ka si baş gün",
    ),
    "ru": (
        "cyrillic",
        "",
        "и в не на я быть он с что а по это она этот к но они мы весь который из у",
        "ние ость про ста ров ый ая тель ком при ре щи жа ны во ци ского дев ша бо",
    ),
    "uk": (
        "cyrillic",
        "ukrainian",
        "і в на не що з до та я у як за це від він про але для й був вони",
        "ння ість про ськ ї є ько при ста ві ти ли го ва ре ці",
    ),
    "bg": (
        "cyrillic",
        "bulgarian",
        "на и да се в за от не с по е че са като до при си ще или само",
        "ние ост та ски пре ра во ща ят ко на ба че ли то",
    ),
    "el": (
        "greek",
        "",
        "και το της την του να η με που τα για από σε ο στο δεν είναι οι θα τον μια ως",
        "ση ος ία ων τη κα ρο ές με λό γο πο ύ παρα μα τι κός ής δια",
    ),
    "la": (
        "latin",
        "",
        "et in est non ad ut cum quod sed ex si qui de per aut nec enim quam ab hoc ac",
        "us um ae ti o nis que re bus tur ra men ius ter per con di vir",
    ),
    "ar": (
        "arabic",
        "",
        "في من على إلى أن هذا التي كان عن ما لا قد بين كل بعد أو مع هو وقد إن",
        "ال مد رس كت اب ين ون مس تق بل عم حك وم شر كة صح يف جم عي ات دول نظ ام خب قر ية ها سل طر غد ض ظل ثق ذ ء",
    ),
    "he": (
        "hebrew",
        "",
        "של את על לא הוא זה עם כל אל גם כי היה אשר או אני אין רק אם בין כמו",
        "מש לח דב רי ית ספ רה ון ים ות הת קב לה עי רו נט גד פא צר כת בנ ול חז שמ יה תו אר ךכ ץ ף",
    ),
    "hi": (
        "devanagari",
        "",
        "के में की है और से को का एक पर यह नहीं कि भी हो जो ने कर इस था",
        "सर का री वि भा ग दे श प्र धा न मं त्री क्षे त्र लो ग सं स्था नि य मा ज्ञा शि क्षा रा ज्य ठ ऊ चि डि बु ए छो टे हु ई",
    ),
    "zh": (
        "han",
        "",
        "的 一 是 在 不 了 有 和 人 这 中 大 为 上 个 国 我们 他们 以 要 可以 就 出 会 对于",
        (
            "时 来 到 地 能 下 过 子 说 产 种 面 而 方 后 多 定 行 学 法 所 民 得 经 十 三 之 进 着 等 部 度 "
            "家 电 力 里 如 水 化 高 自 二 理 起 小 物 现 实 加 量 都 两 体 制 机 当 使 点 从 业 本 去 把 性 "
            "好 应 开 它 合 还 因 由 其 些 然 前 外 天 政 四 日 那 社 义 事 平 形 相 全 表 间 样 与 关 各 重 "
            "新 线 内 数 正 心 反 你 明 看 原 又 么 利 比 或 但 质 气 第 向 道 命 此 变 条"
        ),
    ),
    "ja": (
        "kana",
        "",
        "の に は を た が で て と し れ さ ある いる も する から な こと として い や れる など",
        (
            "東 京 日 本 年 大 会 社 学 校 時 間 人 生 国 家 新 聞 電 車 会議 研究 開発 システム データ "
            "サービス ページ かな ひらがな これ それ ため よう なる ます です した ない くる 方法 結果 場合 "
            "問題 必要 可能 情報 世界 文化 自然 山 川 花 雨 空 海 道 町 市 県 店 屋 子 女 男 手 目 口 水 火 "
            "木 金 土 月 カメラ テレビ アメリカ"
        ),
    ),
    "ko": (
        "hangul",
        "",
        "이 그 수 것 있다 하는 등 및 대한 위해 있는 한다 또는 에서 으로 그리고 하지만 우리 모든 때문에",
        (
            "대 한 민 국 사 람 정 부 경 제 학 교 시 간 서 울 문 화 연 구 개 발 자 료 회 의 는 을 를 에 도 로 "
            "지 역 기 술 생 활 전 체 관 련 보 고 내 용 방 법 결 과 상 황 세 계 음 악 책 물 산 강 바 다 길"
        ),
    ),
}
LANGUAGES = tuple(TABLE)
LETTERS = {
    "de": "äöüßÄÖÜ",
    "fr": "éèêëàâçîïôûùœÉÀ",
    "es": "áéíóúñüÁÉ¿",
    "it": "àèéìòù",
    "pl": "ąćęłńóśźżŁŚŻ",
    "cs": "áčďéěíňóřšťúůýžČŘŠ",
    "pt": "áâãàçéêíóôõúÁ",
    "nl": "éëï",
    "sv": "åäöÅÖ",
    "hu": "áéíóöőúüűÁ",
    "tr": "çğıöşüİŞ",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЖЗИЛМНПРСТУШЯ",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяАБВГДЄЖЗІЇЛМНПРСТУШЯ",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюяАБВГДЖЗИЛМНПРСТУ",
    "el": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώΑΒΓΔΕΖΗΘΚΛΜΝΞΠΡΣΤΦΩ",
}

RIGHT_TO_LEFT = frozenset({"arabic", "hebrew"})
SOLID = frozenset({"han", "kana"})
"""Scripts written without spaces between words."""
OTHER_SCRIPTS = frozenset({"arabic", "hebrew", "devanagari", "han", "kana", "hangul"})
"""Scripts whose fonts are looked for by name, and whose words are drawn as a whole."""


def script_of(language: str) -> str:
    """Return `latin`, `cyrillic`, `greek` or one of `OTHER_SCRIPTS`."""
    return TABLE[language][0]


def alphabet(language: str) -> str:
    """Return the letters a font must have to set a language."""
    script, _, common, syllables = TABLE[language]
    if script in OTHER_SCRIPTS:
        return "".join(sorted(set(common + syllables) - {" "}))
    extra = LETTERS.get(language, "")
    return extra if script != "latin" else "abcdefghijklmnopqrstuvwxyz" + extra
