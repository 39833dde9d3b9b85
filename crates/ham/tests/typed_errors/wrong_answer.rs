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
    let _: String = ledger.post(Post { amount: 7 }).await?;
    let _: Result<u64, String> = ledger.post(Post { amount: 7 }).await;
    Ok(())
}

fn main() {}
