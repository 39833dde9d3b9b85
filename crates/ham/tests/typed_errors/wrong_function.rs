#[ham::zome_client(zome = "ledger")]
trait Ledger {
    fn post(input: Post) -> Result<u64, String>;
    fn note(text: String) -> ();
}

#[derive(Debug, serde::Serialize)]
struct Post {
    amount: u64,
}

async fn service(ledger: LedgerClient) -> Result<u64, ham::CallError> {
    ledger.pots(Post { amount: 7 }).await
}

fn main() {}
