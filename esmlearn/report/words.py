"""Numbers, places and names as sentences and tables write them."""

from collections.abc import Mapping, Sequence
from typing import Any

from esmlearn.methods import method_info
from esmlearn.words import frequency_words, number, pretty_units

Row = Mapping[str, Any]

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SEASONS = ("December to February", "March to May", "June to August", "September to November")
DISTANCES = {
    "height": "above the sea",
    "distance_to_coast": "from the coast",
    "distance_to_observation": "from the nearest observation of the day",
    "days_to_observation": "from the nearest observation at the place",
}
NO_BREAK = "\N{NO-BREAK SPACE}"


def percent(share: int | float, *, digits: int = 0) -> str:
    """Write a share in percent."""
    return f"{100 * share:.{digits}f}{NO_BREAK}%".replace("-", "−")


def value(row: Row) -> str:
    """Write the score of a row with its units."""
    return f"{number(row['value'])}{NO_BREAK}{pretty_units(row['units'])}".strip()


def interval(row: Row) -> str:
    """Write the interval of a row; nothing if it has none."""
    return "" if row.get("low") is None else f"[{number(row['low'])}, {number(row['high'])}]"


def span(lead: Row) -> str:
    """Write the interval of a lead in percent."""
    digits = 0 if lead["high"] - lead["low"] > 0.02 else 1
    return f"{100 * lead['low']:.{digits}f} to {percent(lead['high'], digits=digits)}".replace("-", "−")


def who(row: Row) -> str:
    """Name the method of a row within a sentence."""
    return method_info(row["method"]).words


def frequency(row: Row) -> str:
    """Write the frequency of a row as an adjective."""
    return frequency_words(row["frequency"])


def fields(row: Row) -> str:
    """Name frequency, dataset and region of a row."""
    part = "" if row["region"] == "all" else f" in the region {row['region']}"
    return f"{frequency(row)} fields of {row['dataset']}{part}"


def image_range(fact: Row) -> str:
    """Describe how PSNR and SSIM were calculated."""
    low, high = fact["image_range"]
    return (
        f"PSNR and SSIM (Wang et al. 2004, doi:10.1109/TIP.2003.819861) of {fact['dataset']}: means over the maps, on"
        f" the {points_words(fact)}, for a range from {number(low)} to"
        f" {number(high)}{NO_BREAK}{pretty_units(fact['units'])}, the lowest and the highest value of the truth."
    )


def points_words(fact: Row) -> str:
    """Name the points that count: all points of a fine field, else hidden points."""
    return "points" if fact.get("downscaled") else "hidden points"


def grid_step(step: Sequence[float]) -> str:
    """Write the size of cells in latitude and longitude; once if they are equal."""
    lat, lon = (f"{width:.3g}°" for width in step)
    return lat if lat == lon else f"{lat} × {lon}"


def profile_score(row: Row) -> str:
    """Describe the energy score of an ensemble on whole profiles."""
    bounds = f" {interval(row)}" if interval(row) else ""
    return (
        f"Energy score of whole profiles of {row['dataset']}, each level in the deviation of its truth from the"
        f" climatology: {number(row['value'])}{bounds} on {row['n']:,} profiles. It also counts how errors go together"
        " from level to level."
    )


def where(row: Row) -> str:
    """Describe the points of a bin."""
    limits = row["bin"]
    low, high = limits["from"], limits["to"]
    span = f"{low:g} or more" if high is None else f"{low:g}" if low == high else f"{low:g} to {high:g}"
    unit = "day" if span == "1" and limits["units"] == "days" else limits["units"]
    match limits["by"]:
        case "month":
            return f"in {MONTHS[int(low) - 1]}"
        case "season":
            return f"from {SEASONS[int(low) - 1]}"
        case "hour":
            return f"at {low:02.0f} UTC"
        case "surface":
            return "on land" if low else "at sea"
        case "share_hidden":
            what = "of the area is hidden" if row["frequency"] == "day" else "of the days are hidden"
            return f"where {100 * low:.0f} to {100 * high:.0f} % {what}"
        case by:
            return f"{span} {unit} {DISTANCES[by]}"


def domain(fact: Row) -> str:
    """Name what was filled, the ocean or an area."""
    return str(fact.get("domain", "ocean"))


def degrees(angle: int | float, signs: str) -> str:
    """Write a latitude (signs NS) or longitude (EW) with its direction."""
    angle = angle if signs == "NS" else (angle + 180) % 360 - 180
    return f"{abs(angle):g}°{signs[0] if angle >= 0 else signs[1]}"


def area(south: int | float, north: int | float, west: int | float, east: int | float) -> str:
    """Write the edges of a region."""
    return f"{degrees(south, 'NS')} to {degrees(north, 'NS')}, {degrees(west, 'EW')} to {degrees(east, 'EW')}"
