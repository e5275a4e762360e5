//! The classifier from outside: small desks, hostile texts, the same bytes every time.
#![allow(clippy::unwrap_used, clippy::panic)] // tests

use std::sync::LazyLock;

use nlu::classifier::{Example, Model, TrainOptions, TrainingSet, train};

mod model;
mod why;

const DESK: [(&str, &[&str]); 6] = [
    (
        "refund_request",
        &[
            "I want my money back",
            "please refund my last payment",
            "can I get a refund for this order",
            "refund me the 30 euros you charged",
            "give me my money back now",
            "how do I request a refund",
            "ich möchte mein geld zurück",
            "bitte erstatten sie mir den betrag",
            "quiero que me devuelvan el dinero",
            "je voudrais être remboursé",
        ],
    ),
    (
        "order_status",
        &[
            "where is my parcel",
            "when will my order arrive",
            "has my package been shipped yet",
            "track my order please",
            "my delivery still has not come",
            "what is the status of order 12345",
            "wo ist mein paket",
            "wann kommt meine bestellung an",
            "dónde está mi pedido",
            "où est ma commande",
        ],
    ),
    (
        "password_reset",
        &[
            "I forgot my password",
            "how do I reset my password",
            "the reset link does not work",
            "can't log in, wrong password",
            "send me a new password please",
            "password reset mail never arrives",
            "ich habe mein passwort vergessen",
            "passwort zurücksetzen geht nicht",
            "olvidé mi contraseña",
            "j'ai oublié mon mot de passe",
        ],
    ),
    (
        "cancel_subscription",
        &[
            "cancel my subscription",
            "I want to end my plan",
            "please stop the monthly plan",
            "how can I cancel my membership",
            "terminate my subscription today",
            "I no longer want to be subscribed",
            "ich möchte mein abo kündigen",
            "abonnement bitte beenden",
            "cancelar mi suscripción",
            "résilier mon abonnement",
        ],
    ),
    (
        "talk_to_human",
        &[
            "I want to talk to a human",
            "connect me to an agent",
            "can I speak with a real person",
            "get me somebody from support",
            "no more bots, a person please",
            "let me chat with your staff",
            "ich will mit einem menschen sprechen",
            "verbinden sie mich mit einem mitarbeiter",
            "quiero hablar con una persona",
            "je veux parler à un conseiller",
        ],
    ),
    (
        "invoice_copy",
        &[
            "send me the invoice for march",
            "I need a copy of my invoice",
            "where can I download my bill",
            "the receipt is missing",
            "please email the invoice again",
            "invoice for my accountant",
            "ich brauche eine rechnung",
            "rechnung erneut senden bitte",
            "necesito la factura",
            "il me faut une facture",
        ],
    ),
];

fn desk() -> TrainingSet {
    let mut set = TrainingSet::default();
    for (intent, texts) in DESK {
        for text in texts {
            set.examples.push(Example { text: (*text).to_owned(), intent: Some(intent.to_owned()) });
        }
    }
    for text in ["what is the weather like", "tell me a joke", "who won the match", "wie alt bist du"] {
        set.examples.push(Example { text: text.to_owned(), intent: None });
    }
    set.names.insert("invoice_copy".to_owned(), "Copy of an invoice or receipt".to_owned());
    set
}

fn options(threads: usize) -> TrainOptions {
    TrainOptions { threads, ..TrainOptions::default() }
}

static MODEL: LazyLock<Model> = LazyLock::new(|| train(&desk(), &options(2), &|_| {}).unwrap());
