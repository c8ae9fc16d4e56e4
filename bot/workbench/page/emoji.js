// The few emoji shortcodes that incident messages use. An unknown shortcode stays as it was typed, as in Slack
// before a custom emoji is added. State is always a word beside it; these only decorate.

const TABLE = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", no_entry: "⛔", no_entry_sign: "🚫",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢",
  large_blue_circle: "🔵", white_circle: "⚪", rotating_light: "🚨", bell: "🔔", no_bell: "🔕", mega: "📣",
  hourglass_flowing_sand: "⏳", hourglass: "⌛", alarm_clock: "⏰", stopwatch: "⏱️", double_vertical_bar: "⏸",
  pause_button: "⏸", arrow_forward: "▶️", black_square_for_stop: "⏹", arrows_counterclockwise: "🔄",
  repeat: "🔁", eyes: "👀", mag: "🔍", memo: "📝", book: "📖", books: "📚", notebook: "📓", clipboard: "📋",
  link: "🔗", lock: "🔒", unlock: "🔓", key: "🔑", wrench: "🔧", hammer_and_wrench: "🛠️", gear: "⚙️",
  bulb: "💡", fire: "🔥", zap: "⚡", boom: "💥", bug: "🐛", robot_face: "🤖", wave: "👋", raised_hand: "✋",
  raised_hands: "🙌", thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", tada: "🎉", sos: "🆘",
  question: "❓", grey_question: "❔", exclamation: "❗", information_source: "ℹ️", chart_with_upwards_trend: "📈",
  bar_chart: "📊", calendar: "📅", page_facing_up: "📄", paperclip: "📎", droplet: "💧", ocean: "🌊",
  zzz: "💤", moon: "🌙", crescent_moon: "🌙", sunrise: "🌅", point_right: "👉", speech_balloon: "💬",
  busts_in_silhouette: "👥", bust_in_silhouette: "👤", shield: "🛡️", ok: "🆗", new: "🆕", small_blue_diamond: "🔹",
};

export const emoji = (name) => (Object.hasOwn(TABLE, name) ? TABLE[name] : null);
