//! What a message names, and what it only seems to name.

use nlu::signals::EntityKind::{self, *};

use super::{named, reading};

#[track_caller]
fn assert_named(text: &str, wanted: &[(EntityKind, &str)]) {
    let got = named(text);
    let got: Vec<(EntityKind, &str)> = got.iter().map(|(k, v)| (*k, v.as_str())).collect();
    assert_eq!(got, wanted, "{text}");
}

#[test]
fn spans_count_from_now() {
    for text in [
        "I have a client demo in 30 minutes",
        "il me faut ça dans 30 minutes",
        "tengo una demo en 30 minutos",
        "in 30 Minuten ist Termin",
        "need it in 30min",
        "in half an hour we start",
    ] {
        assert_named(text, &[(Deadline, "2026-11-20T11:30:00+01:00")]);
    }
    for text in [
        "we go live in one hour",
        "Wir starten in einer Stunde",
        "la réunion commence dans une heure",
        "empieza dentro de una hora",
        "within 60 minutes please",
        "d'ici une heure svp",
    ] {
        assert_named(text, &[(Deadline, "2026-11-20T12:00:00+01:00")]);
    }
    assert_named("please reply within 2 days", &[(Deadline, "2026-11-22T11:00:00+01:00")]);
    assert_named(
        "only 45 minutes left before we close the books",
        &[(Deadline, "2026-11-20T11:45:00+01:00")],
    );
}

#[test]
fn what_lies_behind_is_no_deadline() {
    for text in [
        "I wrote 30 minutes ago",
        "vor 30 Minuten ging es noch",
        "il y a 30 minutes tout marchait",
        "hace 30 minutos funcionaba",
        "waiting for 3 hours",
        "since 9am nothing works",
        "it took 30 minutes",
    ] {
        assert_named(text, &[]);
    }
}

#[test]
fn days_and_hours_become_moments() {
    assert_named("by tomorrow noon", &[(Deadline, "2026-11-21T12:00:00+01:00")]);
    assert_named("I need it before 5pm", &[(Deadline, "2026-11-20T17:00:00+01:00")]);
    assert_named("I need it before 5:30 pm today", &[(Deadline, "2026-11-20T17:30:00+01:00")]);
    assert_named("by 9am", &[(Deadline, "2026-11-21T09:00:00+01:00")]);
    assert_named("Wir brauchen es bis morgen 12 Uhr", &[(Deadline, "2026-11-21T12:00:00+01:00")]);
    assert_named("Bitte bis heute 17:30 Uhr", &[(Deadline, "2026-11-20T17:30:00+01:00")]);
    assert_named("il nous le faut avant demain midi", &[(Deadline, "2026-11-21T12:00:00+01:00")]);
    assert_named("le dossier est à rendre avant 17h", &[(Deadline, "2026-11-20T17:00:00+01:00")]);
    assert_named("lo necesito antes del viernes", &[(Deadline, "2026-11-27T00:00:00+01:00")]);
    assert_named("la entrega es antes de las 5 de la tarde", &[(Deadline, "2026-11-20T17:00:00+01:00")]);
    assert_named("antes de mañana a mediodía", &[(Deadline, "2026-11-21T12:00:00+01:00")]);
    assert_named("bis Montag", &[(Deadline, "2026-11-23T23:59:59+01:00")]);
    assert_named("must be filed by midnight", &[(Deadline, "2026-11-21T00:00:00+01:00")]);
    assert_named("we need it by the end of the month", &[(Deadline, "2026-11-30T23:59:59+01:00")]);
    assert_named("the board meeting starts at 2pm", &[(Deadline, "2026-11-20T14:00:00+01:00")]);
    assert_named("please do it before 2026-12-01", &[(Deadline, "2026-12-01T00:00:00+01:00")]);
}

#[test]
fn days_that_are_no_deadline_are_dates() {
    assert_named("The package came yesterday", &[(Date, "2026-11-19T00:00:00+01:00")]);
    assert_named("I bought it on 4 May 2026", &[(Date, "2026-05-04T00:00:00+01:00")]);
    assert_named("gekauft am 04.05.2026", &[(Date, "2026-05-04T00:00:00+01:00")]);
    assert_named("comprado el 4 de mayo de 2026", &[(Date, "2026-05-04T00:00:00+01:00")]);
    assert_named("acheté le 4 mai 2026", &[(Date, "2026-05-04T00:00:00+01:00")]);
    assert_named("paid on 05/04/2026 with the old card", &[(Date, "2026-05-04T00:00:00+01:00")]);
    for greeting in
        ["Guten Morgen", "good morning", "Buenos días", "buenas tardes", "Schönes Wochenende", "bon week-end"]
    {
        assert_named(greeting, &[]);
    }
}

#[test]
fn days_that_do_not_exist_are_nothing() {
    for text in [
        "by 31 February",
        "bis 31.02.2026",
        "order 31.02.2026",
        "2026-02-31",
        "before 25:61",
        "el 31 de febrero",
        "13/13/2026",
        "am 0.0.2026",
    ] {
        assert_named(text, &[]);
    }
}

#[test]
fn numbers_are_what_they_are_called() {
    assert_named("where is #10492?", &[(OrderNumber, "10492")]);
    assert_named("my order 10492 is late", &[(OrderNumber, "10492")]);
    assert_named("order number is 10492.", &[(OrderNumber, "10492")]);
    assert_named("ORD-2291 please", &[(OrderNumber, "ORD-2291")]);
    assert_named("Bestellung Nr. 10492", &[(OrderNumber, "10492")]);
    assert_named("ma commande n° 10492", &[(OrderNumber, "10492")]);
    assert_named("mi pedido número 10492", &[(OrderNumber, "10492")]);
    assert_named("see INV-2024-0031", &[(InvoiceNumber, "INV-2024-0031")]);
    assert_named("invoice 4711", &[(InvoiceNumber, "4711")]);
    assert_named("Rechnung 4711", &[(InvoiceNumber, "4711")]);
    assert_named("la facture 4711", &[(InvoiceNumber, "4711")]);
    assert_named("factura nº 4711", &[(InvoiceNumber, "4711")]);
    assert_named("ticket #882", &[(TicketNumber, "882")]);
    assert_named(
        "order 10492 and invoice 4711 over 99,90 €",
        &[(OrderNumber, "10492"), (InvoiceNumber, "4711"), (Amount, "99.90 EUR")],
    );
}

#[test]
fn a_number_without_a_name_is_nothing() {
    for text in [
        "12345",
        "we want to order 1200 licences",
        "I have 4000 contacts",
        "in 2024 we had 1500 users",
        "my order from 2024",
        "version 10.4.12345",
        "order 3 chairs",
    ] {
        assert_named(text, &[]);
    }
}

#[test]
fn amounts_have_a_currency() {
    for text in ["400 EUR", "€400", "400,00 €", "400.00 euros", "EUR 400,-"] {
        assert_named(text, &[(Amount, "400.00 EUR")]);
    }
    assert_named("you took $1,234.50 from me", &[(Amount, "1234.50 USD")]);
    assert_named("1.234,5 € zu viel", &[(Amount, "1234.50 EUR")]);
    assert_named("order 400 EUR", &[(Amount, "400.00 EUR")]);
    assert_named("order #10492 for 49 dollars", &[(OrderNumber, "10492"), (Amount, "49.00 USD")]);
    assert_named("999999999999999999999999 EUR", &[]);
    assert_named("I sent 4,000 dollars", &[(Amount, "4000.00 USD")]);
    assert_named("£12.5", &[(Amount, "12.50 GBP")]);
}

#[test]
fn addresses_are_checked() {
    assert_named("write to Ada.Lovelace@Example.COM.", &[(Email, "ada.lovelace@example.com")]);
    assert_named("(ada+desk@mail.example.co.uk)", &[(Email, "ada+desk@mail.example.co.uk")]);
    for text in ["ada@localhost", "ada@@example.com", "@ada", "ada@example.c0m", "ada@-example.com"] {
        assert!(!named(text).iter().any(|(k, _)| *k == Email), "{text}");
    }
    assert_named("see https://example.com/a?b=1.", &[(Url, "https://example.com/a?b=1")]);
    assert_named("see www.example.com", &[(Url, "https://www.example.com")]);
    assert_named("thanks.Please hurry", &[]);
    assert_named("https://example.com/order/10492", &[(Url, "https://example.com/order/10492")]);
}

#[test]
fn telephones_are_no_orders_and_the_other_way_round() {
    assert_named("call +44 20 7946 0958", &[(Phone, "+442079460958")]);
    assert_named("call 0049 30 1234567", &[(Phone, "+49301234567")]);
    assert_named("Tel. 030/1234567", &[(Phone, "0301234567")]);
    assert_named("(555) 123-4567", &[(Phone, "5551234567")]);
    assert_named("order 0012345678", &[(OrderNumber, "0012345678")]);
    for text in ["4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "0.123456789"] {
        assert!(!named(text).iter().any(|(k, _)| *k == Phone), "{text}: {:?}", named(text));
    }
}

#[test]
fn error_codes_follow_their_word_or_their_shape() {
    assert_named("I get error 503", &[(ErrorCode, "503")]);
    assert_named("Fehler 0x80070057", &[(ErrorCode, "0x80070057")]);
    assert_named("ERR_CONNECTION_REFUSED again", &[(ErrorCode, "ERR_CONNECTION_REFUSED")]);
    assert_named("erreur E1234", &[(ErrorCode, "E1234")]);
}

#[test]
fn entities_carry_their_place() {
    let text = "Grüße, meine Bestellung 10492 für 5 € fehlt – in 2 Stunden!";
    for e in reading(text).entities {
        assert_eq!(&text[e.start..e.end], e.text);
    }
}
