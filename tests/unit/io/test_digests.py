from camseg.io.digests import digest_of, digests_below

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of FIPS 180-2


def test_a_digest_is_that_of_the_standard(tmp_path):
    (tmp_path / "abc").write_text("abc")
    assert digest_of(tmp_path / "abc") == {"bytes": 3, "sha256": ABC}


def test_files_are_told_from_their_folder_in_order(tmp_path):
    folder = tmp_path / "folder"
    (folder / "b").mkdir(parents=True)
    places = [folder / "z", folder / "b/a", tmp_path / "outside"]
    for path in places:
        path.write_text("abc")
    found = digests_below(folder, places)
    assert list(found) == [str(tmp_path / "outside"), "b/a", "z"]
    assert {each["sha256"] for each in found.values()} == {ABC}
