//! A shop behind the desk: orders to read, refunds to make and to undo.

use super::model::ModelWorld;
use super::world::{Person, World, library_with, shipped_but};
use deskhand::domain::customer::Account;
use deskhand::library::Library;
use serde_json::json;
use std::sync::Arc;

/// A customer whose id stands nowhere but in our books.
pub(crate) async fn ada(world: &World) -> Person<'_> {
    let account = Account {
        id: "cust-8812".to_owned(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        ..Account::default()
    };
    world.verified(account).await
}

pub(crate) const ORDERS: (&str, &str) = (
    "policies/actions/shop.order.yaml",
    r#"
id: shop.order
name: Find an order
description: Reads an order by its number.
kind: read
http: {method: GET, url: "https://shop.example/orders/{{ input.number }}"}
auth: {bearer: shop_token}
input: {type: object, required: [number], properties: {number: {type: string, minLength: 3}}, additionalProperties: false}
output:
  type: object
  properties:
    found: {type: boolean}
    status: {type: string, enum: [open, shipped, lost]}
    total: {type: number}
timeout: 2s
"#,
);

pub(crate) const PAYMENTS: (&str, &str) = (
    "policies/actions/shop.payment.yaml",
    r#"
id: shop.payment
name: Find a payment
description: Reads the payment of an order.
kind: read
http: {method: GET, url: "https://pay.example/payments?order={{ input.number }}"}
input: {type: object, required: [number], properties: {number: {type: string}}}
output: {type: object, properties: {paid: {type: number}, method: {type: string}}}
timeout: 2s
"#,
);

pub(crate) const REFUND: (&str, &str) = (
    "policies/actions/shop.refund.yaml",
    r#"
id: shop.refund
name: Pay money back
description: Makes a refund.
kind: act
http:
  method: POST
  url: https://shop.example/refunds
  body: {order: "{{ input.number }}", amount: "{{ input.amount }}"}
auth: {bearer: shop_token}
input: {type: object, required: [number, amount], properties: {number: {type: string}, amount: {type: number, exclusiveMinimum: 0}}}
output: {type: object, required: [id], properties: {id: {type: string}}}
idempotency: Idempotency-Key
risk: high
requires: verified
undo: {action: shop.cancel, with: {id: "{{ output.id }}"}}
on_failure: {team: billing, priority: high}
retry: {tries: 3}
"#,
);

pub(crate) const CANCEL: (&str, &str) = (
    "policies/actions/shop.cancel.yaml",
    r#"
id: shop.cancel
name: Cancel a refund
description: Undoes a refund.
kind: act
http: {method: DELETE, url: "https://shop.example/refunds/{{ input.id }}"}
auth: {bearer: shop_token}
input: {type: object, required: [id], properties: {id: {type: string}}}
"#,
);

pub(crate) const LIST: (&str, &str) = (
    "policies/actions/shop.orders.yaml",
    r#"
id: shop.orders
name: List orders
description: Lists the orders of a customer, newest first.
kind: read
http: {method: GET, url: "https://shop.example/orders?customer={{ input.customer }}&status={{ input.status }}"}
auth: {bearer: shop_token}
input:
  type: object
  required: [customer]
  properties:
    customer: {type: string, minLength: 3}
    status: {type: string, enum: [open, shipped, lost]}
  additionalProperties: false
output:
  type: object
  properties:
    orders:
      type: array
      items: {type: object, properties: {number: {type: string}, what: {type: string}, note: {type: string}}}
requires: verified
timeout: 2s
"#,
);

/// The shop's actions, and the intent of refunds sent to `playbook` at a level of automation.
pub(crate) fn intent(automation: &str, accepted: bool) -> (&'static str, String) {
    let path = "policies/intents/refund-request.yaml";
    let accepted = format!("automation: {automation}\nrisk_accepted: {accepted}");
    let text = shipped_but(path, &[("automation: auto\nrisk_accepted: true", &accepted)]);
    let then = text.find("\nthen:").expect("what follows");
    let examples = text.find("\nexamples:").expect("examples");
    (path, format!("{}\nthen: {{playbook: test-refund}}{}", &text[..then], &text[examples..]))
}

/// The shop's actions, one playbook `test-refund` for refunds at that level of automation, and other files beside them.
pub(crate) fn library(steps: &str, automation: &str, accepted: bool, more: &[(&str, &str)]) -> Arc<Library> {
    let (path, intent) = intent(automation, accepted);
    let playbook = format!("id: test-refund\nname: Refund\ndescription: A test.\nsteps:\n{steps}");
    let rules = shipped_but(
        "policies/rules.yaml",
        &[(
            "when: intent == \"refund_request\" && entities.amount > 200.0",
            "when: intent == \"\" && entities.amount > 200000.0",
        )],
    );
    let own = [
        LIST,
        ORDERS,
        PAYMENTS,
        REFUND,
        CANCEL,
        (path, &intent),
        ("policies/playbooks/test-refund.yaml", &playbook),
        ("policies/rules.yaml", &rules),
    ];
    library_with(&own.iter().chain(more).copied().collect::<Vec<_>>())
}

/// What the shop says as long as a story orders nothing else.
pub(crate) fn opens(world: &World) {
    let orders = json!([{"number": "HB-20418", "what": "lamp"}, {"number": "HB-20419", "what": "chair"}]);
    world.actions.answers("shop.orders", json!({"orders": orders}));
    world.actions.answers("shop.order", json!({"found": true, "status": "shipped", "total": 80.5}));
    world.actions.answers("shop.payment", json!({"paid": 80.5, "method": "card"}));
    world.actions.answers("shop.refund", json!({"id": "re_1"}));
}

/// A desk with the shop and that playbook.
pub(crate) async fn desk(steps: &str, automation: &str, accepted: bool) -> World {
    let world = World::of(library(steps, automation, accepted, &[])).await;
    opens(&world);
    world
}

/// The same with a language model.
pub(crate) async fn desk_with_model(steps: &str, more: &[(&str, &str)]) -> ModelWorld {
    let desk = ModelWorld::with(library(steps, "auto", true, more), |_| {}).await;
    opens(&desk.world);
    desk
}
