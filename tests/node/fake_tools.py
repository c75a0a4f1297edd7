# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for npu-smi, hccn_tool, lspci, docker and systemctl: they print the state of a fake node, as its chips do.

A tool of a fake node is a line that calls ``main``; the state is ``state.json`` in the node's folder. ``output`` is the
same without a process.

Not modelled: power, temperature and memory (numbers without a meaning), more than eight processes on a chip, virtual
NPUs, the retries inside of the tools, tools that write a part and then hang.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time

HIDDEN = "lost"  # a chip that the driver does not list any more

# Names and widths of the first two columns, headings, whether rows name the chip and the physical id.
TABLES = {
    "310P": ("Chip    Device", 19, 17, 54),
    "910": ("Chip", 22, 15, 52),
    "910B": ("Chip", 27, 15, 52),
    "A3": ("Chip  Phy-ID", 27, 15, 52),
    "26": ("Chip", 27, 15, 70),
}


def chips_of(state):
    """All chips that the driver lists, each with its NPU."""
    return [(npu, chip) for npu in state["npus"] for chip in npu["chips"] if not chip.get(HIDDEN)]


def frame(widths, sign):
    return "+" + "+".join(sign * width for width in widths) + "+"


def row(cells, widths):
    return "|" + "|".join((" " + cell).ljust(width) for cell, width in zip(cells, widths, strict=False)) + "|"


def info(state):
    """``npu-smi info``."""
    a5 = state["layout"] == "A5"
    widths = [8, 18, 15, 53] if a5 else list(TABLES[state["layout"]][1:])
    whole = sum(widths) + len(widths) - 1
    lines = [
        frame([whole], "-"),
        row(["npu-smi {0}      Version: {0}".format(state["title"])], [whole]),
        frame(widths, "-"),
    ]
    numbers = "Power(W)    Temp(C)           Hugepages-Usage(page)"
    use = "AICore(%)   Memory-Usage(MB)" + ("" if state["layout"] == "310P" else "  HBM-Usage(MB)")
    if a5:
        lines += [
            row(["NPU ID", "Name", "Health", numbers], widths),
            row(["", "", "Bus-Id", "NPU Util(%) Memory"], widths),
        ]
    else:
        lines += [
            row(["NPU   Name", "Health", numbers], widths),
            row([TABLES[state["layout"]][0], "Bus-Id", use], widths),
        ]
    lines.append(frame(widths, "="))
    for npu, chip in chips_of(state):
        power = "-" if chip["chip_id"] else "91.5"
        top = [str(npu["npu_id"]), chip["name"]] if a5 else ["{:<5} {}".format(npu["npu_id"], chip["name"])]
        lines.append(
            row(
                [*top, chip.get("health_in_table", chip["health"]), power + "        41                0    / 0"],
                widths,
            )
        )
        if a5:
            under = ["", ""]
        elif state["layout"] in ("A3", "310P"):
            under = ["{:<5} {}".format(chip["chip_id"], chip["phy_id"])]
        else:
            under = [str(chip["chip_id"])]
        lines.append(row([*under, chip["bus_id"], "0           0    / 0          2711 / 65536"], widths))
        lines.append(frame(widths, "="))
    if state["layout"] != "310P":
        lines += process_table(state, whole)
    if state.get("incomplete"):
        lines.append("[WARNING]The driver package may not be completely installed, please check it.")
    if state.get("footer"):
        lines.append(state["footer"])
    return "\n".join(lines) + "\n"


def process_table(state, whole):
    a5, wide = state["layout"] == "A5", state["layout"] == "26"
    widths = [27, 15, 20, 23, 0] if wide else [27, 15, 26, 0]
    widths[-1] = whole - sum(widths) - len(widths) + 1
    heading = ["NPU ID" if a5 else "NPU     Chip", "Process id", "Process name", "Process memory(MB)"]
    lines = [frame(widths[:3], "-"), row([*heading, "Process id in container"], widths), frame(widths[:3], "=")]
    for npu in state["npus"]:
        chips = [chip for chip in npu["chips"] if not chip.get(HIDDEN)]
        rows = [(chip, each) for chip in chips for each in processes_on(state, npu, chip)]
        for chip, each in rows:
            place = str(npu["npu_id"]) if a5 else "{:<7} {}".format(npu["npu_id"], chip["chip_id"])
            lines.append(row([place, str(each["pid"]), each["name"], str(each["memory_mb"]), "NA"], widths))
        if chips and not rows:
            lines.append(row(["No running processes found in NPU {}".format(npu["npu_id"])], [whole]))
        if chips:
            lines.append(frame(widths[:3], "="))
    return lines


def processes_on(state, npu, chip):
    key = [npu["npu_id"], chip["chip_id"]]
    return [each for each in state["processes"] if each["on"] == key]


def mapping(state):
    """``npu-smi info -m``."""
    columns = ["NPU ID", "Chip ID", "Chip Logic ID", "Chip Name"]
    if state["layout"] == "A3":
        columns.insert(3, "Chip Phy-ID")
    if state["layout"] == "A5":
        columns = ["NPU ID", "Slot ID", "Chip ID", "Chip Phy-ID", "Chip Name"]
    lines = ["\t" + "".join(column.ljust(31) for column in columns)]
    for number, (npu, chip) in enumerate(chips_of(state)):
        values = {
            "NPU ID": npu["npu_id"],
            "Slot ID": npu["npu_id"],
            "Chip ID": chip["chip_id"],
            "Chip Logic ID": number,
            "Chip Phy-ID": chip["phy_id"],
            "Chip Name": chip["name"],
        }
        lines.append("\t" + "".join(str(values[column]).ljust(31) for column in columns))
        if state["layout"] in ("910B", "26"):
            values.update({"Chip ID": 1, "Chip Logic ID": "-", "Chip Name": "Mcu"})
            lines.append("\t" + "".join(str(values[column]).ljust(31) for column in columns))
    return "\n".join(lines) + "\n"


def pairs(*lines):
    return "".join("\t{:<40} : {}\n".format(*line) if line else "\n" for line in lines)


def board(state, npu):
    product = [("Product Name", "T-1"), ("Model", "NA"), ("Manufacturer", "Huawei")]
    return pairs(
        ("NPU ID", npu["npu_id"]),
        *([] if state["layout"] in ("310P", "910") else product),
        ("Software Version", npu["driver"]),
        ("Firmware Version", npu["firmware"]),
        ("Compatibility", npu["compatibility"]),
        ("Board ID", "0x31"),
        ("PCIe Bus Info", npu["chips"][0]["bus_id"]),
        ("Slot ID", 0),
        ("Chip Count", len(npu["chips"])),
    )


def health(state, npu, chip):
    codes = " ".join(chip["codes"]) or "NA"
    word = "Health" if state["layout"] == "A5" else "Health Status"
    what = "node type=chip, sensor type=Heartbeat Sensor, event state=Lost" if chip["codes"] else "NA"
    first = [("NPU ID", npu["npu_id"])] if state["layout"] == "A5" else []
    text = pairs(*first, (word, chip["health"]), ("Error Code", codes), ("Error Information", what))
    return text + (pairs((), ("", "and on another line")) if len(chip["codes"]) > 1 else "")


def ecc(state, npu):
    kinds = {"310P": ["DDR"], "A5": ["HBM"]}.get(state["layout"], ["DDR", "HBM"])
    lines = [("NPU ID", npu["npu_id"]), ("Chip Count", len(npu["chips"])), ()]
    for chip in npu["chips"]:
        for kind in kinds:
            lines.append((kind + " Single Bit Error Count", 3))
            lines.append((kind + " Double Bit Error Count", chip["ecc"] if kind == kinds[-1] else 0))
            lines.append((kind + " Single Bit Aggregate Total Err Cnt", 3))
            lines.append((kind + " Double Bit Aggregate Total Err Cnt", chip["ecc"] if kind == kinds[-1] else 0))
            lines.append((kind + " Single Bit Isolated Pages Count", 0))
            lines.append((kind + " Double Bit Isolated Pages Count", 0))
        lines.append(("Chip ID", chip["chip_id"]))
    return pairs(*lines)


def proc_mem(state, npu):
    text = pairs(("NPU ID", npu["npu_id"]), ("Chip Count", len(npu["chips"])))
    for chip in npu["chips"]:
        line = "\tProcess id:{pid}  Process name:{name}      Process memory(MB):{memory_mb}\n"
        text += "".join(line.format(**each) for each in processes_on(state, npu, chip)) or "\tNo process in device.\n"
        text += pairs(("Chip ID", chip["chip_id"]))
    return text


def npu_smi(state, arguments):
    if arguments[:1] != ["info"]:
        return "unknown command\n", 1
    options = dict(zip(arguments[1::2], arguments[2::2], strict=False))
    if arguments == ["info"]:
        return info(state), 0
    if arguments == ["info", "-m"]:
        return mapping(state), 0
    found = [npu for npu in state["npus"] if str(npu["npu_id"]) == options.get("-i")]
    if not found or all(chip.get(HIDDEN) for chip in found[0]["chips"]):
        return "Invalid card id.\nError parameter of -i\nUsage: npu-smi info <...> [Options...]\n", 1
    npu, what = found[0], options.get("-t")
    if what in state.get("unsupported", []):
        return f"This device does not support querying {what}.\n", 1
    chips = [chip for chip in npu["chips"] if str(chip["chip_id"]) == options.get("-c", "0")]
    if not chips or ("-c" in options and state["layout"] == "A5"):
        return "Invalid chip id.\nError parameter of -c\n", 1
    if what == "board":
        return board(state, npu), 0
    if what == "health":
        return health(state, npu, chips[0]), 0
    if what == "ecc":
        return ecc(state, npu), 0
    if what == "proc-mem":
        return proc_mem(state, npu), 0
    if what == "spod-info" and state.get("supernode"):
        names = (("SDID", "sdid"), ("Super Pod Size", "size"), ("Super Pod ID", "id"), ("Server Index", "server_index"))
        return pairs(*((name, state["supernode"][key]) for name, key in names)), 0
    return f"This device does not support querying {what}.\n", 1


def hccn_tool(state, arguments):
    if len(arguments) != 4 or arguments[0] != "-i" or arguments[3] != "-g":
        return "wrong arguments\n", 1
    port = state["network"].get(arguments[1])
    if port is None:
        return "Invalid device id\n", 1
    if arguments[2] == "-ip" and not port["address"]:
        return "Get ipconf failed, because no ip was preset there!\n", 13
    address, _slash, mask = port["address"].partition("/")
    texts = {
        "-link": "link status: {}\n".format(port["link"]),
        "-net_health": "net health status: {}\n".format(port["health"]),
        "-ip": f"ipaddr:{address}\nnetmask:{mask}\n",
    }
    return texts[arguments[2]], 0


def lspci(state, _arguments):
    line = "{} Processing accelerators [1200]: Huawei Technologies Co., Ltd. Device [19e5:{}] (rev {})"
    ids = {"310P": "d500", "910": "d801", "A3": "d803", "A5": "d806"}
    chips = [chip for npu in state["npus"] for chip in npu["chips"]]
    lines = [
        line.format(chip["bus_id"].lower(), ids.get(state["layout"], "d802"), "ff" if chip.get("off_the_bus") else "20")
        for chip in chips
    ]
    lines.append("0000:05:00.0 Ethernet controller [0200]: Huawei Technologies Co., Ltd. HNS [19e5:a222] (rev 21)")
    return "\n".join(lines) + "\n", 0


def docker(state, arguments):
    running = [each for each in state["containers"] if each["running"]]
    if state.get("no_daemon"):
        return "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n", 1
    if arguments[0] == "info":
        return f"{len(running)} running\n", 0
    if arguments[0] == "ps":
        return "".join(each["id"] + "\n" for each in running), 0
    if arguments[0] == "inspect":
        found = [each for each in state["containers"] if each["id"] in arguments]
        return json.dumps([inspected(each) for each in found], indent=4) + "\n", 0
    if arguments[0] in ("stop", "start"):
        names = [each for each in arguments[1:] if len(each) == 64]
        missing = [name for name in names if name not in [each["id"] for each in state["containers"]]]
        for each in state["containers"]:
            if each["id"] in names:
                each["running"] = arguments[0] == "start"
                state["log"] = [*state.get("log", []), "docker {} {}".format(arguments[0], each["name"])]
        if missing:
            return f"Error response from daemon: No such container: {missing[0]}\n", 1
        return "".join(name + "\n" for name in names), 0
    return "docker: unknown command\n", 1


def inspected(container):
    devices = [{"PathOnHost": path, "PathInContainer": path} for path in container["devices"]]
    return {
        "Id": container["id"],
        "Name": "/" + container["name"],
        "State": {"Running": container["running"], "Pid": container["pid"] if container["running"] else 0},
        "HostConfig": {
            "Runtime": container.get("runtime", "runc"),
            "Devices": devices,
            "AutoRemove": container.get("auto_remove", False),
        },
        "Config": {"Env": container.get("env", ["PATH=/bin"]), "Image": "registry.example.com/serve:1"},
    }


def systemctl(state, arguments):
    """What ``ansible.builtin.systemd`` asks for."""
    words = [each for each in arguments if not each.startswith("-")]
    if not words or len(words) < 2:
        return "", 0
    verb, name = words[0], words[1].removesuffix(".service")
    services = state.get("services", {})
    if verb == "show":
        if name not in services:
            return f"LoadState=not-found\nActiveState=inactive\nSubState=dead\nId={name}.service\n", 0
        active = services[name]
        sub = "running" if active == "active" else "dead"
        return f"LoadState=loaded\nActiveState={active}\nSubState={sub}\nId={name}.service\n", 0
    if verb in ("start", "stop") and name in services:
        services[name] = "active" if verb == "start" else "inactive"
        state["log"] = [*state.get("log", []), f"systemctl {verb} {name}"]
        return "", 0
    if verb in ("is-active", "is-enabled", "is-failed") and name in services:
        return services[name] + "\n", 0 if services[name] == "active" else 3
    if verb == "list-unit-files":
        return "", 0
    return f"Unit {name}.service could not be found.\n", 4


TOOLS = {"npu-smi": npu_smi, "hccn_tool": hccn_tool, "lspci": lspci, "docker": docker, "systemctl": systemctl}


def running(state, process):
    """Whether a process of the node is there: one of a container or a service ends and begins with it."""
    owner = process.get("of")
    if owner is None:
        return True
    containers = {each["name"]: each["running"] for each in state["containers"]}
    return containers[owner] if owner in containers else state.get("services", {}).get(owner) == "active"


def put_processes(folder, state):
    """Make the node's /proc hold the processes that are there."""
    for pid, process in state["proc"].items():
        place = os.path.join(folder, "proc", pid)
        if not running(state, process):
            shutil.rmtree(place, ignore_errors=True)
        if not running(state, process) or os.path.exists(place):
            continue
        os.makedirs(os.path.join(place, "fd"))
        for number, path in enumerate(process["open"]):
            os.symlink(path, os.path.join(place, "fd", str(number)))
        texts = {
            "maps": "".join(f"7f-80 rw-s 0 0:5 1 {path}\n" for path in process.get("mapped", [])),
            "comm": process["name"] + "\n",
            "cgroup": process["cgroup"] + "\n",
        }
        for name, text in texts.items():
            with open(os.path.join(place, name), "w") as file:
                file.write(text)
        if "namespace" in process:
            os.makedirs(os.path.join(place, "ns"))
            os.symlink(process["namespace"], os.path.join(place, "ns", "pid"))


def save(folder, state):
    """Write the state in one step, and what follows from it."""
    path = os.path.join(folder, "state.json")
    own = path + f".{os.getpid()}"
    with open(own, "w") as file:
        file.write(json.dumps(state, indent=1))
    os.rename(own, path)
    put_processes(folder, state)


def output(state, tool, arguments):
    """What a tool prints, and its exit status. May change the state: a reset passes, a container stops."""
    if tool == "npu-smi" and state.get("resets", 0) > 0:
        state["resets"] -= 1
        return "dcmi model initialized failed, because the device is used. ret is -8020\n", 1
    return TOOLS[tool](state, list(arguments))


def main(program, arguments):
    """A tool as a process: ``program`` lies in the folder of its node."""
    tool = os.path.basename(program)
    folder = os.path.dirname(os.path.abspath(program))
    while not os.path.exists(os.path.join(folder, "state.json")):
        folder = os.path.dirname(folder)
    path = os.path.join(folder, "state.json")
    with open(path) as file:
        text = file.read()
    state = json.loads(text)
    if os.environ.get("LC_ALL") != "C" and tool != "systemctl":
        print("a line in another language")
    if tool in state.get("hangs", []):
        time.sleep(600)
    time.sleep(state.get("seconds", 0))
    printed, status = output(state, tool, arguments)
    sys.stdout.write(printed)
    if json.loads(text) != state:
        save(folder, state)
    return status
