#[ham::zome_client(zome = "ledger", zone = "ledger")]
trait Unknown {}

#[ham::zome_client(zome = "ledger", zome = "ledger")]
trait Twice {}

#[ham::zome_client(zome = ledger)]
trait NoText {}

#[ham::zome_client(zome = "ledger", crate = elsewhere)]
trait NoCrate {}

#[ham::zome_client(zome = "ledger")]
trait Generic<T> {
    fn post(input: T);
}

#[ham::zome_client(zome = "ledger")]
struct NoTrait;

fn main() {}
