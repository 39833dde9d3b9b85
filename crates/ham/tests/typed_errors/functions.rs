#[ham::zome_client(zome = "ledger")]
trait Ledger {
    type Answer;
    fn two(first: u64, second: u64);
    fn receiver(&self) -> u64;
    fn receiver_and_input(self, input: u64);
    fn typed_receiver(self: Box<Self>);
    fn generic<T>(input: T);
    fn bounded() -> u64
    where
        Self: Sized;
    fn anonymous(input: impl Into<u64>);
    async fn asynchronous() -> u64;
    unsafe fn dangerous();
    extern "C" fn foreign();
    fn borrows(input: &str);
    fn borrowed() -> Result<Vec<&'static str>, String>;
    fn inside(input: Vec<Self::Answer>);
    fn answers() -> Result<Self::Answer, String>;
    fn new() -> u64;
    hidden!();
}

fn main() {}
