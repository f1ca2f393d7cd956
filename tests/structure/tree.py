"""What the structure tests read: the files of the project, and the table of tiers."""
import pathlib, subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SRC = ROOT / "src"
NOT_OURS = ("build", ".deps", "demo", "dist", ".git")


def tracked_files():
    """Paths of the project: what git tracks or would track; all but build products where there is no git."""
    done = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                          cwd=ROOT, capture_output=True, text=True) if (ROOT / ".git").exists() else None
    if done and done.returncode == 0:
        return sorted({ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()})
    return sorted(p for p in ROOT.rglob("*") if p.is_file() and p.relative_to(ROOT).parts[0] not in NOT_OURS)


def tiers():
    """{module: modules it may include}, in the order of the file, base added everywhere."""
    table = {}
    for line in (pathlib.Path(__file__).parent / "tiers.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            module, _, names = line.partition(":")
            table[module] = set(names.split()) | ({"base"} if module != "base" else set())
    return table


def modules():
    """The folders of src/."""
    return sorted(p.name for p in SRC.iterdir() if p.is_dir())
