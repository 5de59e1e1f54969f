import type { Dice } from "./dice.js";

/** A call with a key. */
export interface Call {
  /** Milliseconds since the traffic began. */
  readonly at: number;
  readonly ip: string;
  readonly userAgent: string;
}

/** How a key is used: by whom it was meant for, or by many others. */
export interface Population {
  readonly name: string;
  /** OWN: by whom it is for. TEAM: by more people than a key should be for, all of them of its owner's. SHARED: by strangers. */
  readonly kind: "OWN" | "TEAM" | "SHARED";
  /** The calls of one key over so many days, in no order. */
  readonly calls: (dice: Dice, days: number) => Call[];
}

const hour = 60 * 60_000;
const day = 24 * hour;

// Addresses are drawn from whole families so that two populations hardly meet; what counts is how many networks they are.
const ipv4 = (dice: Dice, network = net4(dice)): string => `${network}.${dice.int(1, 254)}`;
const net4 = (dice: Dice): string => `${dice.int(11, 220)}.${dice.int(0, 255)}.${dice.int(0, 255)}`;
const hex = (dice: Dice): string => dice.int(0, 0xffff).toString(16);
/** A site's network of 48 bits. */
const net6 = (dice: Dice): string => `2a0${dice.int(0, 9)}:${hex(dice)}:${hex(dice)}`;
/** A privacy address (RFC 8981) in one of a site's subnets. */
const ipv6 = (dice: Dice, network: string, subnet = "1"): string =>
  `${network}:${subnet}:${hex(dice)}:${hex(dice)}:${hex(dice)}:${hex(dice)}`;

const versions = (name: string, many: readonly string[]): string[] => many.map((version) => `${name}/${version}`);
const libraries = [
  ...versions("python-requests", ["2.32.3", "2.31.0", "2.28.1", "2.32.4"]),
  ...versions("axios", ["1.7.9", "1.6.8", "0.27.2"]),
  ...versions("curl", ["8.5.0", "7.88.1", "8.7.1", "7.81.0"]),
  ...versions("okhttp", ["4.12.0", "4.9.3"]),
  ...versions("Go-http-client", ["1.1", "2.0"]),
  ...versions("PostmanRuntime", ["7.43.0", "7.39.1"]),
  ...versions("node-fetch", ["1.0", "3.3.2"]),
  ...versions("python-httpx", ["0.27.0", "0.28.1"]),
  ...versions("Java-http-client", ["17.0.9", "21.0.2"]),
  ...versions("aiohttp", ["3.9.5", "3.11.10"]),
  ...versions("insomnia", ["10.2.0", "2023.5.8"]),
  ...versions("GuzzleHttp", ["7"]),
  "undici",
  "node",
];
const systems = ["Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"];
/** A browser, in the version of its week: it updates by itself, some days sooner or later. */
function browser(
  dice: Dice,
  at: number,
  person: { readonly system: string; readonly brand: string; readonly lag: number },
) {
  const version = 131 + Math.floor((at / day + 28 - person.lag) / 28) + (dice.chance(0.01) ? -1 : 0);
  return `Mozilla/5.0 (${person.system}) ${person.brand}/${version}.0.0.0`;
}
const someone = (dice: Dice) => ({
  system: dice.pick(systems),
  brand: dice.pickPopular(["Chrome", "Safari", "Firefox", "Edg"]),
  lag: dice.int(0, 10),
});

/** Times in which something runs that runs all day, `perDay` on average. */
function* allDay(dice: Dice, days: number, perDay: number): Generator<number> {
  for (let at = dice.next() * (day / perDay); at < days * day; at += (day / perDay) * (0.5 + dice.next())) yield at;
}
/** Times within somebody's working hours. */
function* atWork(dice: Dice, days: number, perDay: number): Generator<number> {
  const start = dice.int(6, 11) * hour;
  for (let today = 0; today < days; today++) {
    if (today % 7 >= 5 && dice.chance(0.9)) continue;
    for (let call = 0; call < perDay; call++) yield today * day + start + dice.next() * 9 * hour;
  }
}

/** A person's ways to the internet: a line at home with IPv4 or IPv6, which providers renumber now and then, and a phone. */
function lineOf(dice: Dice) {
  const isSix = dice.chance(0.45);
  const renumbers = dice.chance(0.25);
  let [network, site] = [net4(dice), net6(dice)];
  const host = dice.int(1, 254);
  let since = 0;
  return (at: number): string => {
    if (renumbers && at > since + day) [network, site, since] = [net4(dice), net6(dice), at];
    return isSix ? ipv6(dice, site) : `${network}.${host}`;
  };
}

/** A few machines that stay where they are; their library is updated now and then. */
function servers(dice: Dice, days: number): Call[] {
  const hosts = dice.many(dice.int(1, 6), () => ipv4(dice));
  let userAgent = dice.pick(libraries);
  return [...allDay(dice, days, 48)].map((at) => {
    if (dice.chance(0.002)) userAgent = dice.pick(libraries);
    return { at, ip: dice.pick(hosts), userAgent };
  });
}

/** An office behind NAT: few addresses, and as many browsers and scripts as people. */
function office(dice: Dice, days: number): Call[] {
  const networks = dice.many(dice.int(1, 3), () => net4(dice));
  const exits = dice.many(dice.int(1, 8), () => ipv4(dice, dice.pick(networks)));
  return dice
    .many(dice.scale(3, 300), () => ({
      person: someone(dice),
      script: dice.chance(0.3) ? dice.pickPopular(libraries) : null,
    }))
    .flatMap(({ person, script }) =>
      [...atWork(dice, days, 3)].map((at) => ({
        at,
        ip: dice.pick(exits),
        userAgent: script && dice.chance(0.5) ? script : browser(dice, at, person),
      })),
    );
}

/** Machines that come and go, each with an address of the cloud's wide pool; two versions while one rolls out. */
function fleet(dice: Dice, days: number, perDay: number, lifeHours: number): Call[] {
  const pool = dice.many(dice.scale(20, 4_000), () => net4(dice));
  const programs = [dice.pick(libraries), dice.pick(libraries), dice.pick(libraries)];
  return dice
    .many(Math.ceil(perDay * days), () => {
      const born = dice.next() * days * day;
      const ip = ipv4(dice, dice.pick(pool));
      const userAgent = programs[Math.floor((born / day + 3) / 7) % programs.length] as string;
      return dice.many(Math.max(1, Math.round(lifeHours / 4)), (call) => ({
        at: born + call * 4 * hour,
        ip,
        userAgent,
      }));
    })
    .flat();
}

/** One person's phone: a new address with most connections, by IPv4 behind the carrier's NAT or by IPv6, and the app updates. */
function phone(dice: Dice, days: number): Call[] {
  const carrier = dice.many(dice.int(2, 30), () => net4(dice));
  const sites = dice.many(dice.int(1, 12), () => net6(dice));
  const isSix = dice.chance(0.6);
  const wifi = dice.many(dice.int(1, 4), () => lineOf(dice));
  return [...atWork(dice, days, dice.scale(5, 60))].map((at) => ({
    at,
    ip: dice.chance(0.5)
      ? dice.pick(wifi)(at)
      : isSix
        ? ipv6(dice, dice.pick(sites), hex(dice))
        : ipv4(dice, dice.pick(carrier)),
    userAgent: `ExampleApp/5.${Math.floor(at / (6 * day)) + (dice.chance(0.03) ? 1 : 0)} (iOS 18.1)`,
  }));
}

/** A team whose members work at home and on the road, with a browser and some scripts each: one key, as it should be. */
function team(dice: Dice, days: number, people: number): Call[] {
  return dice
    .many(people, () => ({
      home: lineOf(dice),
      phone: lineOf(dice),
      person: someone(dice),
      scripts: dice.many(dice.int(0, 2), () => dice.pickPopular(libraries)),
      travels: dice.chance(0.2),
    }))
    .flatMap(({ home, phone: other, person, scripts, travels }) =>
      [...atWork(dice, days, 4)]
        .filter(() => dice.chance(0.7))
        .map((at) => ({
          at,
          ip: travels && dice.chance(0.3) ? other(at) : home(at),
          userAgent: scripts.length > 0 && dice.chance(0.5) ? dice.pick(scripts) : browser(dice, at, person),
        })),
    );
}

/** A key that was posted where many read it: each finder from another line, most with a program of their own, from the second day on. */
function posted(dice: Dice, days: number, perDay: number): Call[] {
  const own = servers(dice, days);
  const finders = dice.many(Math.ceil(perDay * (days - 1)), () => {
    const line = lineOf(dice);
    const person = someone(dice);
    const userAgent = dice.chance(0.75) ? dice.pickPopular(libraries) : null;
    const found = day + dice.next() * (days - 1) * day;
    return dice.many(dice.int(1, 5), () => {
      const at = Math.min(found + dice.next() * 6 * hour, days * day - 1);
      return { at, ip: line(at), userAgent: userAgent ?? browser(dice, at, person) };
    });
  });
  return [...own, ...finders.flat()];
}

/** Add a population here. What is shared begins on the second day. */
export const populations: readonly Population[] = [
  { name: "servers with fixed addresses", kind: "OWN", calls: servers },
  { name: "office behind NAT, 3 to 300 people", kind: "OWN", calls: office },
  {
    name: "autoscaling fleet, 5 to 400 machines a day",
    kind: "OWN",
    calls: (dice, days) => fleet(dice, days, dice.scale(5, 400), dice.int(2, 48)),
  },
  {
    name: "CI and serverless, 20 to 1000 addresses a day",
    kind: "OWN",
    calls: (dice, days) => fleet(dice, days, dice.scale(20, 1_000), 1),
  },
  { name: "one person's phone", kind: "OWN", calls: phone },
  { name: "one person at home, IPv6 privacy addresses", kind: "OWN", calls: (dice, days) => team(dice, days, 1) },
  { name: "remote team of 2 to 15", kind: "OWN", calls: (dice, days) => team(dice, days, dice.int(2, 15)) },
  { name: "remote team of 16 to 60", kind: "TEAM", calls: (dice, days) => team(dice, days, dice.int(16, 60)) },
  {
    name: "posted, 10 to 30 finders a day",
    kind: "SHARED",
    calls: (dice, days) => posted(dice, days, dice.int(10, 30)),
  },
  {
    name: "posted, 31 to 100 finders a day",
    kind: "SHARED",
    calls: (dice, days) => posted(dice, days, dice.int(31, 100)),
  },
  {
    name: "posted, 101 to 1000 finders a day",
    kind: "SHARED",
    calls: (dice, days) => posted(dice, days, dice.scale(101, 1_000)),
  },
];
