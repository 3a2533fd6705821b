"""Texts in several languages, scripts and notations: what estimates are measured by where no recording has them."""

from __future__ import annotations

TEXTS = {
    "english": (
        "The harbour was quiet when the first boats came in. Nobody had expected them before noon, and the baker, who"
        " had left his shop unattended, ran back up the hill with flour on his sleeves. By the time the nets were"
        " hung out to dry there were twelve barrels of herring on the quay, and a long argument about the price."
    ),
    "german": (
        "Der Hafen war still, als die ersten Boote einliefen. Niemand hatte sie vor Mittag erwartet, und der Bäcker,"
        " der seinen Laden unbeaufsichtigt gelassen hatte, lief mit Mehl an den Ärmeln den Hügel hinauf. Als die Netze"
        " zum Trocknen aufgehängt waren, standen zwölf Fässer Heringe am Kai, und man stritt lange über den Preis."
    ),
    "french": (
        "Le port était calme quand les premiers bateaux sont rentrés. Personne ne les attendait avant midi, et le"
        " boulanger, qui avait laissé sa boutique sans surveillance, remonta la colline en courant, de la farine sur"
        " les manches. Quand les filets furent mis à sécher, il y avait douze tonneaux de harengs sur le quai."
    ),
    "spanish": (
        "El puerto estaba tranquilo cuando llegaron los primeros barcos. Nadie los esperaba antes del mediodía, y el"
        " panadero, que había dejado su tienda sola, subió corriendo la colina con harina en las mangas. Cuando"
        " colgaron las redes a secar había doce barriles de arenques en el muelle y una larga discusión."
    ),
    "polish": (
        "W porcie panowała cisza, kiedy przypłynęły pierwsze łodzie. Nikt nie spodziewał się ich przed południem,"
        " a piekarz, który zostawił sklep bez opieki, pobiegł pod górę z mąką na rękawach. Gdy sieci powieszono do"
        " wyschnięcia, na nabrzeżu stało dwanaście beczek śledzi i długo kłócono się o cenę."
    ),
    "turkish": (
        "İlk tekneler geldiğinde liman sessizdi. Kimse onları öğleden önce beklemiyordu; dükkânını başıboş bırakan"
        " fırıncı, kolları un içinde, yokuş yukarı koştu. Ağlar kuruması için asıldığında rıhtımda on iki fıçı ringa"
        " balığı vardı ve fiyat üzerine uzun bir tartışma sürüyordu."
    ),
    "vietnamese": (
        "Bến cảng yên tĩnh khi những chiếc thuyền đầu tiên cập bến. Không ai nghĩ họ sẽ về trước buổi trưa, và người"
        " thợ làm bánh, vốn để cửa hàng không ai trông, chạy ngược lên đồi với bột mì dính trên tay áo. Khi lưới được"
        " phơi khô, trên bến có mười hai thùng cá trích và một cuộc tranh cãi dài về giá cả."
    ),
    "russian": (
        "В гавани было тихо, когда пришли первые лодки. Никто не ждал их до полудня, и пекарь, оставивший лавку без"
        " присмотра, побежал вверх по холму с мукой на рукавах. Когда сети развесили сушиться, на причале стояло"
        " двенадцать бочек сельди, и долго спорили о цене."
    ),
    "greek": (
        "Το λιμάνι ήταν ήσυχο όταν ήρθαν οι πρώτες βάρκες. Κανείς δεν τις περίμενε πριν από το μεσημέρι, και ο"
        " φούρναρης, που είχε αφήσει το μαγαζί του αφύλακτο, έτρεξε στον λόφο με αλεύρι στα μανίκια. Όταν κρέμασαν"
        " τα δίχτυα να στεγνώσουν, υπήρχαν δώδεκα βαρέλια ρέγγες στην προκυμαία."
    ),
    "hebrew": (
        "הנמל היה שקט כשהסירות הראשונות נכנסו. איש לא ציפה להן לפני הצהריים, והאופה, שהשאיר את חנותו ללא השגחה, רץ"
        " במעלה הגבעה עם קמח על השרוולים. כשהרשתות נתלו לייבוש עמדו על הרציף שתים עשרה חביות של דגים, ופרץ ויכוח"
        " ארוך על המחיר."
    ),
    "arabic": (
        "كان الميناء هادئا عندما وصلت القوارب الأولى. لم يكن أحد يتوقعها قبل الظهر، وركض الخباز الذي ترك دكانه دون"
        " حراسة عائدا إلى أعلى التل والطحين على أكمامه. وعندما علقت الشباك لتجف كان على الرصيف اثنا عشر برميلا من"
        " السمك، ودار جدال طويل حول السعر."
    ),
    "hindi": (
        "जब पहली नावें आईं तब बंदरगाह शांत था। दोपहर से पहले किसी को उनकी उम्मीद नहीं थी, और नानबाई, जो अपनी दुकान अकेली छोड़"
        " आया था, आस्तीनों पर आटा लिए पहाड़ी पर वापस दौड़ा। जब जाल सूखने के लिए टाँगे गए तब घाट पर मछलियों के बारह पीपे थे और"
        " दाम को लेकर लंबी बहस चल रही थी।"
    ),
    "thai": (
        "ท่าเรือเงียบสงบเมื่อเรือลำแรกเข้ามา ไม่มีใครคาดว่าจะมาก่อนเที่ยง และคนทำขนมปังที่ทิ้งร้านไว้โดยไม่มีใครดูแลก็วิ่งกลับขึ้นเนินพร้อมแป้งติดแขนเสื้อ"
        " เมื่อแขวนอวนให้แห้งแล้ว มีปลาสิบสองถังอยู่บนท่า และมีการโต้เถียงเรื่องราคากันยาวนาน"
    ),
    "chinese": (
        "第一批船进港的时候，港口还很安静。没有人料到它们会在中午之前回来，面包师把店铺丢在那里没人看管，袖子上沾着面粉就跑回了山上。"
        "等到渔网挂起来晾干的时候，码头上已经放了十二桶鲱鱼，大家为了价钱争论了很久。"
    ),
    "japanese": (
        "最初の船が入ってきたとき、港は静かだった。正午より前に来るとは誰も思っていなかったので、店を空けていたパン屋は袖に小麦粉を付けたまま坂を駆け上がった。"
        "網が干されるころには、岸壁にニシンの樽が十二個並び、値段をめぐる長い言い争いが始まっていた。"
    ),
    "korean": (
        "첫 배들이 들어왔을 때 항구는 조용했다. 정오 전에 올 거라고는 아무도 예상하지 못했고, 가게를 비워 두었던 제빵사는 소매에 밀가루를 묻힌 채"
        " 언덕 위로 다시 뛰어 올라갔다. 그물을 널어 말릴 무렵 부두에는 청어 열두 통이 놓여 있었고, 값을 두고 긴 말다툼이 벌어졌다."
    ),
    "emoji": "🎉🚀 launch day! 😀😅 we did it 👩‍💻👨‍👩‍👧 … ❤️🔥✅ see you 🌍🌙⭐ 🇫🇷🇯🇵 👍🏽",
    "python": (
        "def settle(hold: Hold, actual: int, now: float) -> None:\n"
        '    """What was held is given back, what was used is kept."""\n'
        "    with self._lock:\n"
        "        held = self._held.pop(hold.id, None)\n"
        "        if held is None:\n"
        "            raise KeyError(hold.id)\n"
        "        self._settled += min(actual, held.amount) if self.hard else actual\n"
        "        for listener in self._listeners:\n"
        "            listener(hold, actual, self._settled / self.limit)\n"
    ),
    "json": (
        '{"id":"ord_7f3a91","created":1763740800,"customer":{"name":"R. Vance","email":"vance@example.org"},'
        '"items":[{"sku":"HRG-012","qty":12,"unit_price":"18.40"},{"sku":"NET-3","qty":1,"unit_price":"240.00"}],'
        '"paid":true,"notes":null,"tags":["fish","quay","2026"],"total":"460.80"}'
    ),
    "csv": (
        "date,open,high,low,close,volume\n2026-11-16,182.45,184.02,181.90,183.77,40211877\n"
        "2026-11-17,183.80,185.11,182.64,184.95,38872001\n2026-11-18,184.10,184.55,180.02,180.91,52771390\n"
    ),
    "html": (
        '<table class="prices" id="t1"><tr><th>Model</th><th>In</th><th>Out</th></tr><tr><td>small</td>'
        '<td>0.10</td><td>0.30</td></tr></table>\n<p>See <a href="https://example.org/docs#q">the docs</a>.</p>'
    ),
    "base64": (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    ),
    "shouting": "WARNING: DO NOT OPEN THE VALVE BEFORE PRESSURE HAS DROPPED BELOW 2 BAR. CALL THE ENGINEER ON DUTY FIRST.",
}
