//! The language of short and long texts.

use nlu::signals::{Hints, read};

use super::{hints, reading};

fn spoken(text: &str) -> Option<String> {
    reading(text).language
}

#[test]
fn short_messages_are_told_apart() {
    for (text, language) in [
        ("where is my order?", "en"),
        ("ich komme nicht rein", "de"),
        ("où est ma commande ?", "fr"),
        ("¿dónde está mi pedido?", "es"),
        ("gracias", "es"),
        ("bonjour", "fr"),
        ("Guten Morgen", "de"),
    ] {
        assert_eq!(spoken(text).as_deref(), Some(language), "{text}");
    }
}

#[test]
fn other_languages_are_not_forced_into_ours() {
    for (text, language) in [
        ("Non riesco ad accedere al mio account, potete aiutarmi per favore?", "it"),
        ("Não consigo entrar na minha conta, vocês podem me ajudar?", "pt"),
        ("Ik kan niet meer inloggen op mijn account", "nl"),
        ("Не могу войти в аккаунт, помогите пожалуйста", "ru"),
        ("無法登入我的帳號,請幫忙", "zh"),
        ("ログインできません。助けてください", "ja"),
        ("لا أستطيع الدخول إلى حسابي", "ar"),
        ("אני לא מצליח להיכנס לחשבון שלי", "he"),
    ] {
        assert_eq!(spoken(text).as_deref(), Some(language), "{text}");
    }
}

#[test]
fn what_does_not_tell_gives_none() {
    for text in ["", "ok", "12345", "👍", "???", "a"] {
        assert_eq!(spoken(text), None, "{text:?}");
    }
}

#[test]
fn the_known_language_tips_the_scale_and_does_not_overrule() {
    let told = |text: &str, language| read(text, &Hints { language: Some(language), ..hints() }).language;
    assert_eq!(told("factura", "es").as_deref(), Some("es"));
    assert_eq!(told("where is my order and when will it arrive?", "de").as_deref(), Some("en"));
    assert_eq!(told("12345", "de"), None);
}
