//! What must not compile, and what the compiler says of it.
//!
//! The first run checks ham and all it depends on once more, in a target directory of its own. After a change of the
//! texts, or of the compiler, `TRYBUILD=overwrite cargo test -p ham --test typed_errors` writes them anew, to be read.

#[test]
fn misuse_of_a_typed_client_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/typed_errors/*.rs");
}
