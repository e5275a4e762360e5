//! Actions of the policies over real HTTP, through the guard.

use crate::support::world::library_with;
use axum::routing::{get, post};
use axum::{Json, Router};
use deskhand::integrations::actions::HttpActions;
use deskhand::playbook::actions::Action;
use deskhand::ports::{Actions, CallError};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A shop: an order can be found, and refunded once for each key.
async fn shop() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let refunds = Arc::new(Mutex::new(Vec::new()));
    let heard = refunds.clone();
    let refund = move |headers: axum::http::HeaderMap| {
        let heard = heard.clone();
        async move {
            let key = headers["idempotency-key"].to_str().unwrap().to_owned();
            assert_eq!(headers["authorization"], "Bearer a-secret");
            let mut heard = heard.lock().unwrap();
            if !heard.contains(&key) {
                heard.push(key);
            }
            Json(json!({"refund": "R-1"}))
        }
    };
    let router = Router::new()
        .route("/orders/{id}", get(|| async { Json(json!({"status": "shipped", "total": 12.5})) }))
        .route("/refunds", post(refund))
        .route("/broken", get(|| async { "no JSON" }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, refunds)
}

fn action(file: &str, text: &str) -> Action {
    let library = library_with(&[(file, text)]);
    let book = library.current();
    let id = file.rsplit('/').next().unwrap().trim_end_matches(".yaml");
    book.actions[id].clone()
}

fn find(address: SocketAddr, path: &str) -> Action {
    let text = format!(
        "id: depot.find\nname: Find an order\ndescription: Looks an order up.\nkind: read\n\
         http: {{method: GET, url: \"http://{address}/{path}\"}}\n\
         input: {{type: object, required: [number], properties: {{number: {{type: string}}}}}}\n\
         output: {{type: object, required: [status], properties: {{status: {{type: string}}, total: {{type: number}}}}}}\n"
    );
    action("policies/actions/depot.find.yaml", &text)
}

fn tls() {
    // Only the first caller installs it; the others find it there.
    drop(rustls::crypto::ring::default_provider().install_default());
}

#[tokio::test]
async fn an_order_is_found_where_the_operator_allows_the_network_and_nowhere_else() {
    tls();
    let (address, _) = shop().await;
    let find = find(address, "orders/{{ input.number }}");
    let input = json!({"number": "A 7/../x"});
    let open = HttpActions::new(&["127.0.0.1".to_owned()], BTreeMap::new()).unwrap();
    let found = open.run("k1", &find, &input).await.unwrap();
    assert_eq!(find.gives(found).unwrap()["status"], "shipped");
    let closed = HttpActions::new(&[], BTreeMap::new()).unwrap();
    assert!(matches!(closed.run("k1", &find, &input).await, Err(CallError::Refused(_))));
}

#[tokio::test]
async fn a_refund_carries_its_key_and_its_secret_and_is_done_once() {
    tls();
    let (address, refunds) = shop().await;
    let text = format!(
        "id: depot.refund\nname: Refund\ndescription: Gives money back.\nkind: act\nrisk: high\n\
         http: {{method: POST, url: \"http://{address}/refunds\", body: {{order: \"{{{{ input.number }}}}\"}}}}\n\
         auth: {{bearer: shop}}\nidempotency: Idempotency-Key\n\
         input: {{type: object, required: [number], properties: {{number: {{type: string}}}}}}\n"
    );
    let refund = action("policies/actions/depot.refund.yaml", &text);
    let secrets = BTreeMap::from([("shop".to_owned(), "a-secret".into())]);
    let shop = HttpActions::new(&["127.0.0.1".to_owned()], secrets).unwrap();
    for _ in 0..3 {
        let done = shop.run("conversation:7", &refund, &json!({"number": "A7"})).await.unwrap();
        assert_eq!(done["refund"], "R-1");
    }
    assert_eq!(*refunds.lock().unwrap(), ["conversation:7"]);
    let poor = HttpActions::new(&["127.0.0.1".to_owned()], BTreeMap::new()).unwrap();
    let refused = poor.run("k", &refund, &json!({"number": "A7"})).await.unwrap_err();
    assert!(refused.to_string().contains("actions.secrets.shop"), "{refused}");
}

#[tokio::test]
async fn an_answer_that_is_no_json_and_a_host_that_is_away_say_so() {
    tls();
    let (address, _) = shop().await;
    let open = HttpActions::new(&["127.0.0.1".to_owned()], BTreeMap::new()).unwrap();
    let broken: Result<Value, CallError> =
        open.run("k", &find(address, "broken"), &json!({"number": "1"})).await;
    // What comes back is checked by the caller: text is not what the schema promises.
    let gone = broken.map(|value| find(address, "broken").gives(value));
    assert!(matches!(gone, Err(_) | Ok(Err(_))), "{gone:?}");
    let nobody: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let away = open.run("k", &find(nobody, "orders/1"), &json!({"number": "1"})).await.unwrap_err();
    assert!(matches!(away, CallError::Retry(_)), "{away:?}");
}
