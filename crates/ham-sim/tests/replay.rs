//! Lives of `ham` that were found wrong once, by their seeds and by what was left out of them. They are judged right now: each of
//! them told a fault of ham, or one of its judges.

use ham_sim::{LayerName, Mask, replay};

#[test]
fn what_was_found_wrong_once_is_right_now() {
    for (seed, without, was) in [
        (
            38_113,
            "1-17,20,22,24-25,27-30,34-35,37-40,42,45",
            "a later round that may have written was told to nobody",
        ),
        (59_650, "0-10,14-18,24-33,36-42", "a later round that may have written was told to nobody"),
        (75_879, "11,20,22-23,26,28,30,35-37", "a later round that may have written was told to nobody"),
        (11_332, "", "a run in a store that is gone was counted with one in the store that came back"),
        (31_485, "1,4-6,9,12-13,16-23,26-27,29,33", "what one store refused was looked for in the next one"),
        (
            30_478,
            "4-8,12,14,18-19,24,28-31,33,38-39,42-63,65,68",
            "the first round came after the second, and was taken for the last",
        ),
        (14_472, "0-1,4,6-16,19,21-22", "an answer was withheld after the world had healed"),
        (8_476, "0-14,16-64,66-88", "a dial from before the healing came up with the faults of before"),
        (
            65_731,
            "0,5,9",
            "a link from before the app was installed anew was told of the new one, and heard nothing of it",
        ),
        (
            767_671,
            "0-6,10,12-13,15-29,31-33,35,37,39",
            "the first link was let in before the app was installed anew, and told of the new one",
        ),
        (
            458_261,
            "0,4-7,9-27,29-37",
            "the clock of the process that came next was ahead, so a grant under way was held to be settled",
        ),
        (
            114_039,
            "0-5,8-36,38-39,41-42,44-62,64-68,70-74",
            "a nonce that was claimed and refused was held to be lost, with what came before it",
        ),
    ] {
        let mask: Mask = without.parse().expect("a mask");
        assert_eq!(replay(LayerName::Ham, seed, &mask), [], "seed {seed}: {was}");
        assert_eq!(replay(LayerName::Ham, seed, &Mask::none()), [], "seed {seed}, whole: {was}");
    }
}
