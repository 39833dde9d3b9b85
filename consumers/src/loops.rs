//! What a service does for ever: call, and on an error connect again, wait, or give up.

use std::time::Duration;

use ham::{
    Ham, ShutdownRx, compute_delay_ms, is_connection_error, is_request_timeout, is_source_chain_pressure,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize)]
struct Payment {
    to: String,
    amount: u64,
}

#[derive(Debug, Deserialize)]
struct Receipt {
    id: String,
}

pub async fn run(mut ham: Ham, mut shutdown: ShutdownRx) -> anyhow::Result<()> {
    let mut failures = 0;
    while !*shutdown.borrow() {
        match step(&ham).await {
            Ok(receipt) => {
                println!("paid: {}", receipt.id);
                failures = 0;
            }
            Err(error) if is_connection_error(&error) => match crate::connect(&mut shutdown).await {
                Some(connected) => ham = connected,
                None => break,
            },
            Err(error) if is_source_chain_pressure(&error) || is_request_timeout(&error) => failures += 1,
            Err(error) => println!("{error}"),
        }
        let pause = Duration::from_millis(compute_delay_ms(failures, &crate::backoff()));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = shutdown.changed() => break,
        }
    }
    Ok(())
}

async fn step(ham: &Ham) -> anyhow::Result<Receipt> {
    ham.ping().await?;
    let balance: u64 = ham.call_zome("bridge", "bridge", "balance", ()).await?;
    let payment = Payment { to: "ada".to_owned(), amount: balance.min(100) };
    ham.call_zome("bridge", "bridge", "pay", &payment).await
}
