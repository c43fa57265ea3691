#include "web/handlers.h"

#include "web/respond.h"

#include <string.h>

/* The files are part of the program: no path from a URL reaches the file system. The assembler
 * reads them (from the root of the tree, where make runs). */
#define EMBED(name, file)                                                                          \
    __asm__(".section .rodata\n" #name "_begin:\n.incbin \"" file "\"\n" #name "_end:\n.byte 0\n"  \
            ".previous\n");                                                                        \
    extern const char name##_begin[], name##_end[];

EMBED(page_html, "web/page/index.html")
EMBED(page_css, "web/page/page.css")
EMBED(page_js, "web/page/page.js")
EMBED(page_icon, "web/page/icon.svg")

static const struct asset {
    const char *path, *type, *begin, *end;
} assets[] = {
    {"/", "text/html; charset=utf-8", page_html_begin, page_html_end},
    {"/page.css", "text/css; charset=utf-8", page_css_begin, page_css_end},
    {"/page.js", "text/javascript; charset=utf-8", page_js_begin, page_js_end},
    {"/icon.svg", "image/svg+xml", page_icon_begin, page_icon_end},
    {"/favicon.ico", "image/svg+xml", page_icon_begin, page_icon_end},
};

/* Everything comes from this server, nothing is written in line, nobody may frame the page. */
static const struct header page_headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cache-Control", "no-cache"},
    {NULL, NULL},
};

enum MHD_Result page_serve(const struct request *request)
{
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++) {
        const struct asset *asset = &assets[i];
        if (strcmp(asset->path, request->path) != 0)
            continue;
        const struct header type[] = {{"Content-Type", asset->type}, {NULL, NULL}};
        size_t size = (size_t)(asset->end - asset->begin);
        return respond(request, MHD_HTTP_OK,
                       MHD_create_response_from_buffer(size, (void *)(uintptr_t)asset->begin,
                                                       MHD_RESPMEM_PERSISTENT),
                       type, page_headers);
    }
    return respond_text(request, MHD_HTTP_NOT_FOUND, "no such page; the live picture is at /");
}
