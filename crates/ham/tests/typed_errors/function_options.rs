#[ham::zome_client(zome = "ledger")]
trait Ledger {
    #[zome_fn(retries = 3)]
    fn unknown();
    #[zome_fn(idempotent, policy = ham::CallPolicy::FailFast)]
    fn twice();
    #[zome_fn(name = "a")]
    #[zome_fn(name = "b")]
    fn two_names();
    #[zome_fn(name = "")]
    fn no_name();
    #[zome_fn(name = nameless)]
    fn not_a_name();
    #[zome_fn]
    fn no_options();
    #[zome_fn(deadline = 30)]
    fn wrong_deadline();
    #[zome_fn(policy = "resume")]
    fn wrong_policy();
    #[cfg_attr(all(), zome_fn(idempotent), inline)]
    fn not_alone();
}

fn main() {}
