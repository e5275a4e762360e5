//! Function words: they tell languages apart, and they are no content for word pairs.

use rust_stemmers::Algorithm;

/// A language whose words can be stemmed. The order is part of the model format: only append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Language {
    English,
    German,
    French,
    Spanish,
    Italian,
    Portuguese,
    Dutch,
    Swedish,
    Russian,
    Arabic,
    Greek,
    Turkish,
}

pub(crate) const LANGUAGES: [Language; 12] = [
    Language::English,
    Language::German,
    Language::French,
    Language::Spanish,
    Language::Italian,
    Language::Portuguese,
    Language::Dutch,
    Language::Swedish,
    Language::Russian,
    Language::Arabic,
    Language::Greek,
    Language::Turkish,
];

impl Language {
    pub(crate) fn stemmer(self) -> Algorithm {
        match self {
            Language::English => Algorithm::English,
            Language::German => Algorithm::German,
            Language::French => Algorithm::French,
            Language::Spanish => Algorithm::Spanish,
            Language::Italian => Algorithm::Italian,
            Language::Portuguese => Algorithm::Portuguese,
            Language::Dutch => Algorithm::Dutch,
            Language::Swedish => Algorithm::Swedish,
            Language::Russian => Algorithm::Russian,
            Language::Arabic => Algorithm::Arabic,
            Language::Greek => Algorithm::Greek,
            Language::Turkish => Algorithm::Turkish,
        }
    }

    /// The commonest function words, as they look after normalising (lower case, contractions undone).
    fn function_words(self) -> &'static str {
        match self {
            Language::English => {
                "a an the i you he she it we they me him her us them my your his its our their mine yours this that \
                 these those is am are was were be been being do does did done have has had having will would shall \
                 should can could may might must of in on at to for from with by about as into onto than then so \
                 and or but if because there here just also too very please s t d ll"
            }
            Language::German => {
                "der die das den dem des ein eine einen einem einer eines ich du er sie es wir ihr mich mir dich dir \
                 ihn ihm uns euch mein meine meinen meinem meiner dein deine sein seine unser unsere bin bist ist \
                 sind war waren wird werden wurde habe hast hat haben hatte kann können könnte könnten soll muss von \
                 in im an am auf zu zum zur für mit bei aus nach und oder aber wenn weil dass so auch noch bitte sich \
                 ob als wie was"
            }
            Language::French => {
                "le la les l un une des du de d je j tu il elle on nous vous ils elles me m te se s mon ma mes ton ta \
                 tes son sa ses notre nos votre vos ce cet cette ces c est suis es sommes êtes sont était ai as a \
                 avons avez ont être avoir peux peut pouvez à au aux en dans sur pour par avec et ou mais si que qu \
                 qui y très aussi plus"
            }
            Language::Spanish => {
                "el la los las un una unos unas yo tú usted él ella nosotros ellos me te se le lo mi mis tu tus su sus \
                 nuestro este esta esto ese esa eso es soy eres somos son era fue ser estar estoy está están he ha han \
                 hay haber tengo tiene puedo puede pueden de del en a al con por para y o pero si que muy también más"
            }
            Language::Italian => {
                "il lo la i gli le un uno una io tu lui lei noi voi loro mi ti si ci vi mio mia miei mie tuo tua suo \
                 sua questo questa quello è sono sei siamo era ho hai ha abbiamo hanno posso può di del della dei delle \
                 da dal in nel nella con su per e o ma se che anche più molto al alla"
            }
            Language::Portuguese => {
                "o a os as um uma eu você ele ela nós vocês eles me te se lhe meu minha meus minhas seu sua este esta \
                 isto esse essa isso é sou são era foi ser estar estou está estão tenho tem posso pode de do da dos \
                 das em no na nos nas com por para e ou mas se que muito também mais ao não"
            }
            Language::Dutch => {
                "de het een ik jij je hij zij ze wij we jullie mij me jou hem haar ons mijn jouw uw u zijn haar dit dat \
                 deze die is ben bent was waren wordt worden heb hebt heeft hebben kan kunnen zou moet van in op aan te \
                 naar voor met bij uit en of maar als omdat zo ook nog er om"
            }
            Language::Swedish => {
                "en ett den det de jag du han hon vi ni mig dig sig oss er min mitt mina din ditt dina sin sitt är var \
                 vara har hade kan ska skulle måste av i på till för från med om och eller men att som så också"
            }
            Language::Russian => {
                "я ты он она оно мы вы они меня мне тебя тебе его ему её ей нас нам вас вам их им мой моя моё мои это \
                 этот эта эти в во на с со к ко у о об от до из за по для и а но или если что бы же ли быть был была"
            }
            Language::Arabic => "في من على إلى عن مع هذا هذه ذلك التي الذي أنا هو هي نحن أن إن و أو ثم قد",
            Language::Greek => {
                "ο η το οι τα του της των τον την τους τις ένα μια ένας εγώ εσύ μου σου του μας σας να θα με σε από για \
                 και ή αλλά αν που ότι είναι είμαι έχω έχει στο στη στην στον"
            }
            Language::Turkish => {
                "bir bu şu o ben sen biz siz onlar ve veya ama ile için de da mi mı mu mü gibi çok"
            }
        }
    }
}

/// Looks function words up; built once a model.
#[derive(Debug)]
pub(crate) struct FunctionWords(std::collections::HashMap<&'static str, u16>);

impl FunctionWords {
    pub(crate) fn new() -> Self {
        let mut words = std::collections::HashMap::new();
        for language in LANGUAGES {
            for word in language.function_words().split_ascii_whitespace() {
                *words.entry(word).or_insert(0) |= 1 << language as u8;
            }
        }
        FunctionWords(words)
    }

    /// A bit for every language in which this is a function word.
    pub(crate) fn languages(&self, word: &str) -> u16 {
        self.0.get(word).copied().unwrap_or(0)
    }
}
