struct Post;

struct Receipt;

#[ham::zome_client(zome = "ledger")]
trait Ledger {
    fn post(input: Post);
    fn receipt() -> Receipt;
}

async fn service(ledger: LedgerClient) -> Result<(), ham::CallError> {
    ledger.post(Post).await
}

fn main() {}
