#[ham::zome_client]
trait Nothing {}

#[ham::zome_client(client = Other)]
trait Ledger {}

#[ham::zome_client(zome = "")]
trait Empty {}

fn main() {}
