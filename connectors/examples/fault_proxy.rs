//! `fault_proxy LISTEN UPSTREAM SHARE`: cuts that share of the writes after the other side has accepted them. Writes the
//! number of cuts to standard output, one line for each.
#![allow(clippy::print_stdout)] // a program of scripts/redmine-a1.sh

use fakes::tickets::proxy::FaultProxy;
use std::error::Error;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, listen, upstream, share] = words.as_slice() else {
        return Err("usage: fault_proxy LISTEN UPSTREAM SHARE".into());
    };
    let proxy = FaultProxy::new(upstream.parse()?, share.parse()?, 1);
    let listener = tokio::net::TcpListener::bind(listen.as_str()).await?;
    let told = proxy.clone();
    tokio::spawn(async move {
        let mut before = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            for cut in before..told.cuts() {
                println!("cut {}", cut + 1);
            }
            before = told.cuts();
        }
    });
    Ok(proxy.serve(listener).await?)
}
