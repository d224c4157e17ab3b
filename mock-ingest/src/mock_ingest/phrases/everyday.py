"""Everyday posts in nine languages. ``{n}`` is a small number."""

from mock_ingest.events import Sentiment

EVERYDAY_TOPIC = "diaries_&_daily_life"

EVERYDAY: dict[str, dict[Sentiment, tuple[str, ...]]] = {
    "es": {
        "positive": (
            "¡Qué día tan bonito! {n} minutos al sol y soy feliz.",
            "Me encanta mi barrio por la mañana.",
            "Hoy cociné para {n} amigos y todo salió genial.",
        ),
        "neutral": (
            "El autobús sale a las {n} y pasa por la plaza.",
            "Hoy toca lavar la ropa y hacer la compra.",
            "Llevo {n} páginas del libro.",
        ),
        "negative": (
            "Estoy harto, {n} horas esperando y nadie contesta.",
            "Qué mañana tan horrible, perdí las llaves.",
            "No he dormido nada y me duele la cabeza.",
        ),
    },
    "pt": {
        "positive": (
            "Que manhã maravilhosa, {n} quilômetros de caminhada!",
            "Amo o cheiro de café nesta casa.",
            "Hoje reencontrei {n} amigos e estou muito feliz.",
        ),
        "neutral": (
            "A feira começa às {n} horas perto da estação.",
            "Hoje é dia de arrumar o armário.",
            "Faltam {n} dias para o fim do mês.",
        ),
        "negative": (
            "Que raiva, {n} horas no trânsito de novo.",
            "Dia péssimo, o telefone quebrou.",
            "Estou triste e cansado, nada deu certo hoje.",
        ),
    },
    "de": {
        "positive": (
            "Was für ein schöner Morgen, {n} Minuten am Fluss und ich bin glücklich!",
            "Ich liebe diesen kleinen Garten.",
            "Heute waren {n} Freunde da, es war wunderbar.",
        ),
        "neutral": (
            "Der Zug fährt um {n} Uhr von Gleis drei.",
            "Heute erst Wäsche, dann Einkauf, dann Abendbrot.",
            "Noch {n} Seiten bis zum Ende des Buches.",
        ),
        "negative": (
            "Schon wieder {n} Minuten Verspätung, ich bin so genervt.",
            "Schrecklicher Tag, alles geht schief.",
            "Schlecht geschlafen, Kopfschmerzen, und die Heizung ist kaputt.",
        ),
    },
    "fr": {
        "positive": (
            "Quelle belle journée, {n} minutes de marche et le cœur léger !",
            "J’adore ce petit café.",
            "Dîner avec {n} amis ce soir, c’était merveilleux.",
        ),
        "neutral": (
            "Le marché ouvre à {n} heures près de la gare.",
            "Aujourd’hui, lessive puis courses.",
            "Il me reste {n} pages à lire.",
        ),
        "negative": (
            "Encore {n} heures d’attente, j’en ai vraiment marre.",
            "Journée horrible, j’ai raté mon train.",
            "Je suis triste et fatiguée, rien ne va.",
        ),
    },
    "ja": {
        "positive": (
            "今日は{n}分も散歩できて、とても幸せ。",
            "朝のコーヒーが最高においしい！",
            "友だちに会えて本当にうれしかった。",
        ),
        "neutral": ("次の電車は{n}時に出ます。", "今日は洗濯と買い物をする予定。", "本を{n}ページまで読んだ。"),
        "negative": ("{n}時間も待たされて本当に疲れた。", "最悪の朝、鍵をなくした。", "頭が痛くて何もしたくない。"),
    },
    "ko": {
        "positive": (
            "오늘 {n}분 산책했는데 정말 행복해요!",
            "아침 커피가 너무 맛있다.",
            "친구를 만나서 정말 기뻤어요.",
        ),
        "neutral": ("다음 버스는 {n}시에 출발합니다.", "오늘은 빨래하고 장을 볼 예정.", "책을 {n}쪽까지 읽었다."),
        "negative": (
            "{n}시간이나 기다려서 너무 짜증난다.",
            "최악의 아침, 열쇠를 잃어버렸다.",
            "머리가 아프고 아무것도 하기 싫다.",
        ),
    },
    "ar": {
        "positive": (
            "يا له من صباح جميل، مشيت {n} دقيقة وأنا سعيد جدا!",
            "أحب هذا المقهى الصغير كثيرا.",
            "التقيت بأصدقائي اليوم وكان يوما رائعا.",
        ),
        "neutral": (
            "تغادر الحافلة في الساعة {n} من الساحة.",
            "اليوم غسيل ثم تسوق ثم عشاء.",
            "قرأت {n} صفحة من الكتاب.",
        ),
        "negative": (
            "انتظرت {n} ساعات ولم يرد أحد، أنا غاضب جدا.",
            "يوم سيئ، أضعت مفاتيحي.",
            "أنا متعب وحزين ورأسي يؤلمني.",
        ),
    },
    "uk": {
        "positive": (
            "Який чудовий ранок, {n} хвилин біля річки, і я щаслива!",
            "Люблю цю маленьку кав’ярню.",
            "Сьогодні зустріла друзів, було прекрасно.",
        ),
        "neutral": (
            "Потяг відходить о {n} годині з третьої колії.",
            "Сьогодні прання, потім магазин.",
            "Залишилося {n} сторінок книжки.",
        ),
        "negative": (
            "Знову {n} годин у черзі, я така зла.",
            "Жахливий день, загубив ключі.",
            "Погано спала, болить голова, усе набридло.",
        ),
    },
    "tr": {
        "positive": (
            "Ne güzel bir sabah, {n} dakika yürüdüm ve çok mutluyum!",
            "Bu küçük kahveciyi çok seviyorum.",
            "Bugün arkadaşlarımla buluştum, harikaydı.",
        ),
        "neutral": (
            "Otobüs saat {n} gibi meydandan kalkıyor.",
            "Bugün çamaşır, sonra alışveriş.",
            "Kitabın {n}. sayfasındayım.",
        ),
        "negative": (
            "Yine {n} saat bekledim, bıktım artık.",
            "Berbat bir gün, anahtarlarımı kaybettim.",
            "Çok yorgun ve üzgünüm, başım ağrıyor.",
        ),
    },
}
