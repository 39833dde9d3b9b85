#[ham::zome_client(zome = "ledger")]
trait Ledger {
    fn post(input: Post) -> Result<u64, String>;
    fn note(text: String) -> ();
}

#[derive(Debug, serde::Serialize)]
struct Post {
    amount: u64,
}

async fn service(ledger: LedgerClient) -> Result<(), ham::CallError> {
    ledger.post(7).await?;
    ledger.post("7").await?;
    ledger.note(&Post { amount: 7 }).await?;
    ledger.note().await
}

fn main() {}
