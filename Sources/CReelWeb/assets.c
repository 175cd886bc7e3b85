// Embeds the page's files and rrweb's replayer. A file of Sources/ReelWeb/Page has two places here, one for its bytes and
// one in the table; a test tells of a file that is missing.
#include "creel_web.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#if !__has_embed("../../.build/web/replayer.js") || !__has_embed("../../.build/web/recorder.js")
#error "rrweb is not there yet: run packaging/fetch, which fetches it into .build/web"
#endif

static const unsigned char access_js[] = {
#embed "../ReelWeb/Page/access.js"
};
static const unsigned char activity_panel_js[] = {
#embed "../ReelWeb/Page/activity-panel.js"
};
static const unsigned char api_js[] = {
#embed "../ReelWeb/Page/api.js"
};
static const unsigned char console_panel_js[] = {
#embed "../ReelWeb/Page/console-panel.js"
};
static const unsigned char controls_js[] = {
#embed "../ReelWeb/Page/controls.js"
};
static const unsigned char cursor_svg[] = {
#embed "../ReelWeb/Page/cursor.svg"
};
static const unsigned char density_js[] = {
#embed "../ReelWeb/Page/density.js"
};
static const unsigned char demo_css[] = {
#embed "../ReelWeb/Page/demo.css"
};
static const unsigned char demo_html[] = {
#embed "../ReelWeb/Page/demo.html"
};
static const unsigned char demo_js[] = {
#embed "../ReelWeb/Page/demo.js"
};
static const unsigned char dom_js[] = {
#embed "../ReelWeb/Page/dom.js"
};
static const unsigned char events_js[] = {
#embed "../ReelWeb/Page/events.js"
};
static const unsigned char facts_worker_js[] = {
#embed "../ReelWeb/Page/facts-worker.js"
};
static const unsigned char facts_js[] = {
#embed "../ReelWeb/Page/facts.js"
};
static const unsigned char icon_svg[] = {
#embed "../ReelWeb/Page/icon.svg"
};
static const unsigned char inactivity_js[] = {
#embed "../ReelWeb/Page/inactivity.js"
};
static const unsigned char licences_txt[] = {
#embed "../ReelWeb/Page/licences.txt"
};
static const unsigned char list_filters_js[] = {
#embed "../ReelWeb/Page/list-filters.js"
};
static const unsigned char list_row_js[] = {
#embed "../ReelWeb/Page/list-row.js"
};
static const unsigned char list_css[] = {
#embed "../ReelWeb/Page/list.css"
};
static const unsigned char list_live_js[] = {
#embed "../ReelWeb/Page/list-live.js"
};
static const unsigned char list_rows_js[] = {
#embed "../ReelWeb/Page/list-rows.js"
};
static const unsigned char list_html[] = {
#embed "../ReelWeb/Page/list.html"
};
static const unsigned char list_js[] = {
#embed "../ReelWeb/Page/list.js"
};
static const unsigned char live_js[] = {
#embed "../ReelWeb/Page/live.js"
};
static const unsigned char metadata_panel_js[] = {
#embed "../ReelWeb/Page/metadata-panel.js"
};
static const unsigned char network_panel_js[] = {
#embed "../ReelWeb/Page/network-panel.js"
};
static const unsigned char node_names_js[] = {
#embed "../ReelWeb/Page/node-names.js"
};
static const unsigned char page_css[] = {
#embed "../ReelWeb/Page/page.css"
};
static const unsigned char panels_css[] = {
#embed "../ReelWeb/Page/panels.css"
};
static const unsigned char panels_js[] = {
#embed "../ReelWeb/Page/panels.js"
};
static const unsigned char player_css[] = {
#embed "../ReelWeb/Page/player.css"
};
static const unsigned char player_html[] = {
#embed "../ReelWeb/Page/player.html"
};
static const unsigned char player_js[] = {
#embed "../ReelWeb/Page/player.js"
};
static const unsigned char plugin_facts_js[] = {
#embed "../ReelWeb/Page/plugin-facts.js"
};
static const unsigned char raw_panel_js[] = {
#embed "../ReelWeb/Page/raw-panel.js"
};
static const unsigned char recording_js[] = {
#embed "../ReelWeb/Page/recording.js"
};
static const unsigned char screen_js[] = {
#embed "../ReelWeb/Page/screen.js"
};
static const unsigned char stream_js[] = {
#embed "../ReelWeb/Page/stream.js"
};
static const unsigned char timeline_js[] = {
#embed "../ReelWeb/Page/timeline.js"
};
static const unsigned char virtual_list_js[] = {
#embed "../ReelWeb/Page/virtual-list.js"
};
static const unsigned char words_js[] = {
#embed "../ReelWeb/Page/words.js"
};
static const unsigned char replayer_js[] = {
#embed "../../.build/web/replayer.js"
};
// One script of its parts, in a scope of their own: a site has one tag, and nothing but `reeld` in its window.
static const unsigned char recorder_js[] = {
#embed "../ReelWeb/Recorder/open.part.js"
,
#embed "../../.build/web/recorder.js"
,
#embed "../ReelWeb/Recorder/opened.part.js"
,
#embed "../ReelWeb/Recorder/options.js"
,
#embed "../ReelWeb/Recorder/privacy.js"
,
#embed "../ReelWeb/Recorder/session.js"
,
#embed "../ReelWeb/Recorder/outbox.js"
,
#embed "../ReelWeb/Recorder/console.js"
,
#embed "../ReelWeb/Recorder/network.js"
,
#embed "../ReelWeb/Recorder/pages.js"
,
#embed "../ReelWeb/Recorder/recorder.js"
,
#embed "../ReelWeb/Recorder/api.js"
,
#embed "../ReelWeb/Recorder/close.part.js"
};

#define ASSET(name, array) {name, array, sizeof array}

static const struct creel_web_asset assets[] = {
    ASSET("access.js", access_js),
    ASSET("activity-panel.js", activity_panel_js),
    ASSET("api.js", api_js),
    ASSET("console-panel.js", console_panel_js),
    ASSET("controls.js", controls_js),
    ASSET("cursor.svg", cursor_svg),
    ASSET("density.js", density_js),
    ASSET("demo.css", demo_css),
    ASSET("demo.html", demo_html),
    ASSET("demo.js", demo_js),
    ASSET("dom.js", dom_js),
    ASSET("events.js", events_js),
    ASSET("facts-worker.js", facts_worker_js),
    ASSET("facts.js", facts_js),
    ASSET("icon.svg", icon_svg),
    ASSET("inactivity.js", inactivity_js),
    ASSET("licences.txt", licences_txt),
    ASSET("list-filters.js", list_filters_js),
    ASSET("list-live.js", list_live_js),
    ASSET("list-row.js", list_row_js),
    ASSET("list-rows.js", list_rows_js),
    ASSET("list.css", list_css),
    ASSET("list.html", list_html),
    ASSET("list.js", list_js),
    ASSET("live.js", live_js),
    ASSET("metadata-panel.js", metadata_panel_js),
    ASSET("network-panel.js", network_panel_js),
    ASSET("node-names.js", node_names_js),
    ASSET("page.css", page_css),
    ASSET("panels.css", panels_css),
    ASSET("panels.js", panels_js),
    ASSET("player.css", player_css),
    ASSET("player.html", player_html),
    ASSET("player.js", player_js),
    ASSET("plugin-facts.js", plugin_facts_js),
    ASSET("raw-panel.js", raw_panel_js),
    ASSET("recording.js", recording_js),
    ASSET("recorder.js", recorder_js),
    ASSET("replayer.js", replayer_js),
    ASSET("screen.js", screen_js),
    ASSET("stream.js", stream_js),
    ASSET("timeline.js", timeline_js),
    ASSET("virtual-list.js", virtual_list_js),
    ASSET("words.js", words_js),
};

struct creel_web_asset creel_web_asset(size_t index) {
    if (index < sizeof assets / sizeof *assets) return assets[index];
    return (struct creel_web_asset){0};
}
