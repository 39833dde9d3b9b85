struct Post;

#[ham::zome_client(zome = "ledger")]
trait Ledger {
    fn post(input: Post);
}

async fn service(ledger: LedgerClient) -> Result<(), ham::CallError> {
    ledger.post(Post).await
}

fn main() {}
