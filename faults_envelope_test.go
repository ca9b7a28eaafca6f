package openwork_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// The faults of the envelope, as numbered in docs/faults.md. Every row is a push that is valid but for its body.

func TestX1_NoEnvelopeAtAll(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty": "", "a blank": " ", "white space": " \t\r\n", "an empty object": "{}", "plain text": "hello",
		"a byte order mark": "\uFEFF", "an opening bracket": "<", "an opening brace": "{", "a root alone": "<xml>",
		"an empty root": "<xml></xml>", "a root that closes itself": "<xml/>", "an XML declaration": `<?xml version="1.0"?>`,
		"null": "null", "an array": "[]", "a JSON string": `"Encrypt"`, "a form": "Encrypt=a&b=c", "a NUL": "\x00",
	} {
		t.Run(name, func(t *testing.T) {
			p := newPush(command("change_auth"))
			requireMalformed(t, func() *http.Request { return p.requestWithBody(body) })
		})
	}
	t.Run("no body", func(t *testing.T) {
		p := newPush(command("change_auth"))
		requireMalformed(t, func() *http.Request {
			r := p.request()
			r.Body, r.ContentLength = http.NoBody, 0
			return r
		})
	})
	t.Run("a nil body, as handlers under test get it", func(t *testing.T) {
		p := newPush(command("change_auth"))
		requireMalformed(t, func() *http.Request {
			r := p.request()
			r.Body, r.ContentLength = nil, 0
			return r
		})
	})
}

func TestX2_BodyTooLarge(t *testing.T) {
	// Not parallel: it measures memory.
	const limit = 1 << 20
	p := newPush(command("change_auth")).parts()

	t.Run("1 MiB is accepted", func(t *testing.T) {
		newFixture(t).requireSuccess(p.requestWithBody(padEnvelope(p.Body, limit)))
	})
	t.Run("1 MiB without a declared length is accepted", func(t *testing.T) {
		r := p.requestWithBody(padEnvelope(p.Body, limit))
		r.ContentLength = -1
		newFixture(t).requireSuccess(r)
	})
	for name, size := range map[string]int{"1 MiB and a byte": limit + 1, "10 MB": 10_000_000} {
		body := padEnvelope(p.Body, size)
		t.Run(name+", declared", func(t *testing.T) {
			f := newFixture(t)
			trap := &bodyTrap{Reader: strings.NewReader(body)}
			build := func() *http.Request {
				r := p.request()
				r.Body, r.ContentLength = trap, int64(size)
				return r
			}
			f.requireRefused(http.StatusRequestEntityTooLarge, build())
			f.serveError(build(), http.StatusRequestEntityTooLarge, openwork.ErrTooLarge)
			require.Zero(t, trap.reads.Load(), "a body that says it is too large need not be read")
		})
		t.Run(name+", chunked", func(t *testing.T) {
			f := newFixture(t)
			f.requireSuccess(p.request())
			trap := &bodyTrap{Reader: strings.NewReader(body)}
			r := p.request()
			r.Body, r.ContentLength = trap, -1
			allocated := allocatedBy(func() {
				f.serveError(r, http.StatusRequestEntityTooLarge, openwork.ErrTooLarge)
			})
			require.LessOrEqual(t, trap.bytes.Load(), int64(limit+64<<10), "more was read than is needed to refuse")
			require.LessOrEqual(t, allocated, uint64(4*limit+64<<10))
		})
		t.Run(name+", connection closed", func(t *testing.T) {
			requireClosedAfter413(t, p, "Content-Length: "+strconv.Itoa(size)+"\r\n", body)
		})
		t.Run(name+", chunked, connection closed", func(t *testing.T) {
			requireClosedAfter413(t, p, "Transfer-Encoding: chunked\r\n", chunked(body))
		})
	}
	t.Run("MaxBodyBytes moves the limit", func(t *testing.T) {
		f := newFixture(t, func(cfg *openwork.Config) { cfg.MaxBodyBytes = int64(len(p.Body)) })
		f.requireSuccess(p.request())
		f.requireRefused(http.StatusRequestEntityTooLarge, p.requestWithBody(padEnvelope(p.Body, len(p.Body)+8)))
	})
}

func TestX3_ContentEncoding(t *testing.T) {
	// Not parallel: it measures memory.
	p := newPush(command("change_auth")).parts()
	bomb := gzipped(t, padEnvelope(p.Body, 16<<20))
	require.Less(t, len(bomb), 256<<10)

	rows := map[string]struct{ encoding, body string }{
		"a gzip bomb":                        {"gzip", bomb},
		"a gzipped valid envelope":           {"gzip", gzipped(t, p.Body)},
		"an envelope that claims to be gzip": {"gzip", p.Body},
		"in capitals":                        {"GZIP", bomb},
		"deflate":                            {"deflate", p.Body},
		"br":                                 {"br", p.Body},
		"two codings":                        {"gzip, gzip", bomb},
		"identity before gzip":               {"identity, gzip", bomb},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.requireSuccess(p.request())
			trap := &bodyTrap{Reader: strings.NewReader(row.body)}
			build := func() *http.Request {
				r := p.request()
				r.Body, r.ContentLength = trap, int64(len(row.body))
				r.Header.Set("Content-Encoding", row.encoding)
				return r
			}
			r := build()
			allocated := allocatedBy(func() {
				f.serveError(r, http.StatusUnsupportedMediaType, openwork.ErrEncoding)
			})
			require.LessOrEqual(t, allocated, uint64(4*len(row.body)+64<<10))
			f.requireRefused(http.StatusUnsupportedMediaType, build())
			require.Zero(t, trap.reads.Load(), "the body was read")
		})
	}
	t.Run("two header lines", func(t *testing.T) {
		f := newFixture(t)
		r := p.requestWithBody(bomb)
		r.Header["Content-Encoding"] = []string{"", "gzip"}
		f.requireRefused(http.StatusUnsupportedMediaType, r)
	})
}

func TestX4_EntitiesAndInstructions(t *testing.T) {
	// Not parallel: it measures memory.
	p := newPush(command("change_auth")).parts()
	var fetched atomic.Int64
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		_, _ = io.WriteString(w, p.Encrypt)
	}))
	defer site.Close()
	file := filepath.Join(t.TempDir(), "ciphertext")
	require.NoError(t, os.WriteFile(file, []byte(p.Encrypt), 0o600))

	// Whatever an entity stands for, expanding it would give the ciphertext that was signed, and so a success.
	withDTD := func(dtd, encrypt string) string {
		return `<?xml version="1.0"?><!DOCTYPE xml ` + dtd + "><xml><Encrypt>" + encrypt + "</Encrypt></xml>"
	}
	laughs := func(head, tail string) string {
		var b strings.Builder
		b.WriteString(head + `<!DOCTYPE xml [<!ENTITY e0 "ha">`)
		for i := 1; i <= 12; i++ {
			fmt.Fprintf(&b, `<!ENTITY e%d "%s">`, i, strings.Repeat(fmt.Sprintf("&e%d;", i-1), 10))
		}
		b.WriteString("]>" + tail)
		return b.String()
	}
	rows := map[string]string{
		"a DTD that only names the root":    withDTD("", p.Encrypt),
		"a DTD with an empty subset":        withDTD("[]", p.Encrypt),
		"an internal entity":                withDTD(`[<!ENTITY e "`+p.Encrypt+`">]`, "&e;"),
		"an entity read from a file":        withDTD(`[<!ENTITY e SYSTEM "file://`+file+`">]`, "&e;"),
		"an entity read from the network":   withDTD(`[<!ENTITY e SYSTEM "`+site.URL+`">]`, "&e;"),
		"a public entity":                   withDTD(`[<!ENTITY e PUBLIC "-//x" "`+site.URL+`">]`, "&e;"),
		"a parameter entity":                withDTD(`[<!ENTITY % e SYSTEM "`+site.URL+`"> %e;]`, p.Encrypt),
		"an external subset":                withDTD(`SYSTEM "`+site.URL+`"`, p.Encrypt),
		"a DTD in lower case":               "<!doctype xml>" + p.Body,
		"a DTD inside the root":             strings.Replace(p.Body, "<Encrypt>", "<!DOCTYPE xml><Encrypt>", 1),
		"a billion laughs":                  laughs("", "<xml><Encrypt>&e12;</Encrypt></xml>"),
		"a billion laughs nobody refers to": laughs("", p.Body),
		"an entity nobody declared":         "<xml><Encrypt>" + p.Encrypt[:8] + "&e;" + p.Encrypt[8:] + "</Encrypt></xml>",
		"an instruction to fetch a style":   `<?xml-stylesheet href="` + site.URL + `"?>` + p.Body,
		"an instruction inside the root":    strings.Replace(p.Body, "<Encrypt>", `<?php echo 1 ?><Encrypt>`, 1),
		"an instruction behind the root":    p.Body + `<?xml-stylesheet href="` + site.URL + `"?>`,
		"an XML inclusion": `<xml><Encrypt><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="` +
			site.URL + `"/></Encrypt></xml>`,
		"a second XML declaration": `<?xml version="1.0"?><?xml version="1.0"?>` + p.Body,
	}
	for name, body := range rows {
		t.Run(name, func(t *testing.T) { requireCheapRefusal(t, p, body) })
	}

	inside := map[string]string{
		"a DTD": "<!DOCTYPE xml>" + command("change_auth"),
		"an entity read from a file": `<!DOCTYPE xml [<!ENTITY e SYSTEM "file://` + file + `">]>` +
			strings.Replace(command("change_auth"), "</xml>", "<State>&e;</State></xml>", 1),
		"a billion laughs": laughs("", strings.Replace(command("change_auth"), "</xml>", "<State>&e12;</State></xml>", 1)),
		"an instruction":   `<?xml-stylesheet href="` + site.URL + `"?>` + command("change_auth"),
	}
	for name, plaintext := range inside {
		t.Run("inside the message: "+name, func(t *testing.T) {
			sealed := newPush(plaintext).parts()
			requireCheapRefusal(t, sealed, sealed.Body)
		})
	}
	require.Zero(t, fetched.Load(), "something was fetched")
}

func TestX5_DeepNesting(t *testing.T) {
	// Not parallel: it measures memory.
	p := newPush(command("change_auth")).parts()
	for _, depth := range []int{10_000, 100_000} {
		open, end := strings.Repeat("<a>", depth), strings.Repeat("</a>", depth)
		rows := map[string]string{
			"around everything":         open + p.Body + end,
			"in an unknown element":     strings.Replace(p.Body, "<Encrypt>", open+end+"<Encrypt>", 1),
			"behind the ciphertext":     strings.Replace(p.Body, "</xml>", open+end+"</xml>", 1),
			"inside the ciphertext":     strings.Replace(p.Body, "</Encrypt>", open+end+"</Encrypt>", 1),
			"never closed":              "<xml>" + open,
			"closed too often":          "<xml>" + end,
			"every one of another name": "<xml>" + numbered("<a%d>", depth),
		}
		for name, body := range rows {
			t.Run(fmt.Sprintf("%d elements %s", depth, name), func(t *testing.T) { requireCheapRefusal(t, p, body) })
		}
		t.Run(fmt.Sprintf("%d elements inside the message", depth), func(t *testing.T) {
			plaintext := strings.Replace(command("change_auth"), "</xml>", open+end+"</xml>", 1)
			sealed := newPush(plaintext).parts()
			requireCheapRefusal(t, sealed, sealed.Body)
		})
	}
}

func TestX6_ManyAttributes(t *testing.T) {
	// Not parallel: it measures memory.
	p := newPush(command("change_auth")).parts()
	many := numbered(` a%d=""`, 100_000)
	rows := map[string]string{
		"on the root":            strings.Replace(p.Body, "<xml>", "<xml"+many+">", 1),
		"on Encrypt":             strings.Replace(p.Body, "<Encrypt>", "<Encrypt"+many+">", 1),
		"on ToUserName":          strings.Replace(p.Body, "<ToUserName>", "<ToUserName"+many+">", 1),
		"on an unknown element":  strings.Replace(p.Body, "</xml>", "<X"+many+"/></xml>", 1),
		"all of one name":        strings.Replace(p.Body, "<Encrypt>", "<Encrypt"+strings.Repeat(` a=""`, 100_000)+">", 1),
		"on the XML declaration": `<?xml version="1.0"` + many + "?>" + p.Body,
		"on an end tag":          strings.Replace(p.Body, "</Encrypt>", "</Encrypt"+many+">", 1),
		"none of them finished":  "<xml" + many,
	}
	for name, body := range rows {
		t.Run(name, func(t *testing.T) { requireCheapRefusal(t, p, body) })
	}
	t.Run("one attribute on an element we read", func(t *testing.T) {
		requireMalformed(t, func() *http.Request {
			return p.requestWithBody(strings.Replace(p.Body, "<Encrypt>", `<Encrypt a="">`, 1))
		})
	})
	t.Run("inside the message", func(t *testing.T) {
		few := numbered(` a%d=""`, 70_000) // what still fits into 1 MiB once it is base64
		sealed := newPush(strings.Replace(command("change_auth"), "<InfoType>", "<InfoType"+few+">", 1)).parts()
		requireCheapRefusal(t, sealed, sealed.Body)
	})
}

func TestX7_WhichEncrypt(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth")).parts()
	other := newPush(command("cancel_auth")).parts()
	encrypt := "<Encrypt><![CDATA[" + p.Encrypt + "]]></Encrypt>"
	rows := map[string]string{
		"two that are equal":              encrypt + encrypt,
		"two, the signed one first":       encrypt + "<Encrypt><![CDATA[" + other.Encrypt + "]]></Encrypt>",
		"two, the signed one last":        "<Encrypt><![CDATA[" + other.Encrypt + "]]></Encrypt>" + encrypt,
		"two, the second one empty":       encrypt + "<Encrypt/>",
		"two, the first one empty":        "<Encrypt></Encrypt>" + encrypt,
		"nested in ToUserName":            "<ToUserName>" + encrypt + "</ToUserName>",
		"nested in an unknown element":    "<X>" + encrypt + "</X>",
		"nested in another Encrypt":       "<Encrypt>" + encrypt + "</Encrypt>",
		"with a declared prefix":          `<w:Encrypt xmlns:w="urn:w">` + p.Encrypt + "</w:Encrypt>",
		"with an undeclared prefix":       "<w:Encrypt>" + p.Encrypt + "</w:Encrypt>",
		"in a namespace of its own":       `<Encrypt xmlns="urn:w">` + p.Encrypt + "</Encrypt>",
		"in lower case":                   "<encrypt>" + p.Encrypt + "</encrypt>",
		"in upper case":                   "<ENCRYPT>" + p.Encrypt + "</ENCRYPT>",
		"with an end tag of another case": "<Encrypt>" + p.Encrypt + "</encrypt>",
		"in an attribute":                 `<X Encrypt="` + p.Encrypt + `"/>`,
		"in a comment":                    "<!--" + encrypt + "-->",
		"in a CDATA section of its own":   "<X><![CDATA[" + encrypt + "]]></X>",
		"as text of the root":             p.Encrypt,
		"named by a longer name":          "<EncryptX>" + p.Encrypt + "</EncryptX>",
		"with a child beside the text":    "<Encrypt>" + p.Encrypt + "<a/></Encrypt>",
		"with a child before the text":    "<Encrypt><a></a>" + p.Encrypt + "</Encrypt>",
		"with a NUL behind the name":      "<Encrypt\x00>" + p.Encrypt + "</Encrypt\x00>",
		"with a blank before the name":    "< Encrypt>" + p.Encrypt + "</Encrypt>",
		"with a blank in the end tag":     "<Encrypt>" + p.Encrypt + "</ Encrypt>",
	}
	bodies := map[string]string{
		"as the root":                    encrypt,
		"in a root with a prefix":        `<w:xml xmlns:w="urn:w">` + encrypt + "</w:xml>",
		"in a root with a namespace":     `<xml xmlns="urn:w">` + encrypt + "</xml>",
		"in a child of a root in a root": "<a><xml>" + encrypt + "</xml></a>",
	}
	for name, children := range rows {
		bodies[name] = "<xml>" + children + "</xml>"
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			requireMalformed(t, func() *http.Request { return p.requestWithBody(body) })
		})
	}
}

func TestX8_SplitEncrypt(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth")).parts()
	half := len(p.Encrypt) / 2
	a, b := p.Encrypt[:half], p.Encrypt[half:]
	for name, value := range map[string]string{
		"a comment in plain text":            a + "<!-- -->" + b,
		"a comment between CDATA sections":   "<![CDATA[" + a + "]]><!-- --><![CDATA[" + b + "]]>",
		"an empty comment before the text":   "<!---->" + p.Encrypt,
		"a comment behind a CDATA section":   "<![CDATA[" + p.Encrypt + "]]><!-- -->",
		"two CDATA sections":                 "<![CDATA[" + a + "]]><![CDATA[" + b + "]]>",
		"two CDATA sections and a blank":     "<![CDATA[" + a + "]]> <![CDATA[" + b + "]]>",
		"a CDATA section and plain text":     "<![CDATA[" + a + "]]>" + b,
		"plain text and a CDATA section":     a + "<![CDATA[" + b + "]]>",
		"a CDATA section and an empty one":   "<![CDATA[" + p.Encrypt + "]]><![CDATA[]]>",
		"a processing instruction":           a + "<?x?>" + b,
		"a blank":                            a + " " + b,
		"a newline":                          a + "\n" + b,
		"a newline by reference":             a + "&#10;" + b,
		"an element":                         a + "<i/>" + b,
		"a CDATA section that never closes":  "<![CDATA[" + p.Encrypt,
		"a CDATA section in lower case":      "<![cdata[" + p.Encrypt + "]]>",
		"the end of a CDATA section in text": p.Encrypt + "]]>",
	} {
		t.Run(name, func(t *testing.T) {
			requireMalformed(t, func() *http.Request {
				return p.requestWithBody("<xml><Encrypt>" + value + "</Encrypt></xml>")
			})
		})
	}
}

func TestX9_MoreOrLessThanOneRoot(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth")).parts()
	for name, body := range map[string]string{
		"a letter behind the root":        p.Body + "x",
		"a NUL behind the root":           p.Body + "\x00",
		"a bracket behind the root":       p.Body + "<",
		"an end tag behind the root":      p.Body + "</xml>",
		"a CDATA section behind the root": p.Body + "<![CDATA[x]]>",
		"a reference behind the root":     p.Body + "&#32;",
		"JSON behind the root":            p.Body + "{}",
		"text before the root":            "x" + p.Body,
		"a second root":                   p.Body + p.Body,
		"an empty second root":            p.Body + "<xml/>",
		"an empty root before":            "<xml/>" + p.Body,
		"a root that is not closed":       strings.TrimSuffix(p.Body, "</xml>"),
		"a root that is not quite closed": strings.TrimSuffix(p.Body, ">"),
		"a root closed by another name":   strings.TrimSuffix(p.Body, "</xml>") + "</html>",
		"children that overlap":           "<xml><a><b></a></b><Encrypt>" + p.Encrypt + "</Encrypt></xml>",
		"an element that is not closed":   strings.Replace(p.Body, "</ToUserName>", "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			requireMalformed(t, func() *http.Request { return p.requestWithBody(body) })
		})
	}
}

func TestX10_OtherEncodings(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth")).parts()
	inName := func(text string) string {
		return strings.Replace(p.Body, "<![CDATA["+testSuiteID+"]]>", text, 1)
	}
	rows := map[string]string{
		"invalid UTF-8 in a CDATA section":      inName("<![CDATA[\xff]]>"),
		"invalid UTF-8 in text":                 inName("\xc3("),
		"invalid UTF-8 in a name":               strings.Replace(p.Body, "</xml>", "<\xff></\xff></xml>", 1),
		"an overlong slash":                     inName("\xc0\xaf"),
		"half of a surrogate pair":              inName("\xed\xa0\x80"),
		"beyond the last character":             inName("\xf4\x90\x80\x80"),
		"a cut character":                       inName("\xe4\xb8"),
		"a Chinese name in GBK":                 inName("\xd6\xd0\xb9\xfa"),
		"a NUL in text":                         inName("a\x00b"),
		"a NUL in a CDATA section":              inName("<![CDATA[a\x00b]]>"),
		"a NUL by reference":                    inName("&#0;"),
		"half of a surrogate pair by reference": inName("&#xD800;"),
		"a reference beyond the last character": inName("&#x110000;"),
		"a reference that overflows":            inName("&#99999999999999999999;"),
		"a control character":                   inName("a\x01b"),
		"a non-character":                       inName("\uffff"),
		"UTF-16, little endian":                 utf16Text(binary.LittleEndian, "\uFEFF"+p.Body),
		"UTF-16, big endian":                    utf16Text(binary.BigEndian, "\uFEFF"+p.Body),
		"UTF-16 without a byte order mark":      utf16Text(binary.LittleEndian, p.Body),
		"the byte order mark of UTF-16":         "\xff\xfe" + p.Body,
		"a byte order mark inside":              strings.Replace(p.Body, "<xml>", "<xml\uFEFF>", 1),
		"a declaration of GBK":                  `<?xml version="1.0" encoding="GBK"?>` + p.Body,
		"a declaration of gb18030":              `<?xml version="1.0" encoding='gb18030'?>` + p.Body,
		"a declaration of UTF-16":               `<?xml version="1.0" encoding="UTF-16"?>` + p.Body,
		"a declaration of UTF-7":                `<?xml version="1.0" encoding="UTF-7"?>` + p.Body,
		"a declaration of ISO-8859-1":           `<?xml version="1.0" encoding="ISO-8859-1"?>` + p.Body,
	}
	for name, body := range rows {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, p.Body, body)
			requireMalformed(t, func() *http.Request { return p.requestWithBody(body) })
		})
	}
	for name, text := range map[string]string{
		"invalid UTF-8": "\xff", "a NUL": "\x00", "a NUL by reference": "", "a control character": "\x01",
	} {
		t.Run("inside the message: "+name, func(t *testing.T) {
			state := "<State><![CDATA[" + text + "]]></State></xml>"
			if text == "" {
				state = "<State>&#0;</State></xml>"
			}
			requireMalformed(t, newPush(strings.Replace(command("change_auth"), "</xml>", state, 1)).request)
		})
	}
}

func TestX11_LegalVariantsOfTheEnvelope(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth")).parts()
	to := "<ToUserName><![CDATA[" + testSuiteID + "]]></ToUserName>"
	agent := "<AgentID><![CDATA[]]></AgentID>"
	encrypt := "<Encrypt><![CDATA[" + p.Encrypt + "]]></Encrypt>"
	for name, body := range map[string]string{
		"as WeCom sends it":                       p.Body,
		"an XML declaration":                      `<?xml version="1.0"?>` + p.Body,
		"an XML declaration of UTF-8":             `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + p.Body,
		"an XML declaration in single quotes":     `<?xml version='1.0' encoding='utf-8' standalone='yes' ?>` + p.Body,
		"a byte order mark":                       "\uFEFF" + p.Body,
		"a byte order mark and a declaration":     "\uFEFF" + `<?xml version="1.0" encoding="utf-8"?>` + p.Body,
		"Encrypt first":                           "<xml>" + encrypt + to + agent + "</xml>",
		"Encrypt in the middle":                   "<xml>" + agent + encrypt + to + "</xml>",
		"pretty-printed":                          "<xml>\n  " + to + "\n  " + agent + "\n  " + encrypt + "\n</xml>\n",
		"pretty-printed with CR LF and tabs":      "<xml>\r\n\t" + to + "\r\n\t" + encrypt + "\r\n</xml>\r\n",
		"no CDATA":                                "<xml><ToUserName>" + testSuiteID + "</ToUserName><Encrypt>" + p.Encrypt + "</Encrypt></xml>",
		"blanks around CDATA":                     "<xml><Encrypt> \n<![CDATA[" + p.Encrypt + "]]>\t </Encrypt></xml>",
		"blanks around plain text":                "<xml><Encrypt>\n  " + p.Encrypt + "\n</Encrypt></xml>",
		"an unknown flat element":                 "<xml>" + to + encrypt + "<Version>2</Version></xml>",
		"an unknown flat element before":          "<xml><X>微信 &amp; &#x4e2d;&#22269; &lt;</X>" + encrypt + "</xml>",
		"an unknown element, twice":               "<xml><X>1</X><X>2</X>" + encrypt + "</xml>",
		"an empty AgentID":                        "<xml>" + to + "<AgentID></AgentID>" + encrypt + "</xml>",
		"an AgentID that closes itself":           "<xml>" + to + "<AgentID/>" + encrypt + "</xml>",
		"an AgentID with a number":                "<xml>" + to + "<AgentID>218</AgentID>" + encrypt + "</xml>",
		"nothing but Encrypt":                     "<xml>" + encrypt + "</xml>",
		"a blank at the end of a tag":             "<xml ><Encrypt >" + p.Encrypt + "</Encrypt ></xml\n>",
		"a comment between elements":              "<xml><!-- sent by a relay -->" + encrypt + "</xml>",
		"blank lines around the root":             "\n\n" + p.Body + "\n\n",
		"a foreign ToUserName, which is unsigned": "<xml><ToUserName>wwsomebodyelse</ToUserName>" + encrypt + "</xml>",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.requireSuccess(p.requestWithBody(body))
			require.Equal(t, []string{"change_auth"}, f.handledNames())
		})
	}
	for _, contentType := range []string{"", "text/xml", "application/xml; charset=utf-8", "text/plain", "nonsense;;"} {
		t.Run("Content-Type "+contentType, func(t *testing.T) {
			r := p.request()
			r.Header.Set("Content-Type", contentType)
			newFixture(t).requireSuccess(r)
		})
	}
}

func TestX12_MissingOrEmptyEncrypt(t *testing.T) {
	t.Parallel()
	to := "<ToUserName>" + testSuiteID + "</ToUserName>"
	for name, body := range map[string]string{
		"missing":                "<xml>" + to + "<AgentID></AgentID></xml>",
		"empty":                  "<xml>" + to + "<Encrypt></Encrypt></xml>",
		"closing itself":         "<xml>" + to + "<Encrypt/></xml>",
		"an empty CDATA section": "<xml>" + to + "<Encrypt><![CDATA[]]></Encrypt></xml>",
		"blank":                  "<xml>" + to + "<Encrypt> \n </Encrypt></xml>",
		"a blank CDATA section":  "<xml>" + to + "<Encrypt><![CDATA[  ]]></Encrypt></xml>",
		"missing in JSON":        `{"ToUserName":"` + testSuiteID + `","AgentID":218}`,
		"empty in JSON":          `{"ToUserName":"` + testSuiteID + `","Encrypt":""}`,
		"null in JSON":           `{"Encrypt":null}`,
		"a number in JSON":       `{"Encrypt":0}`,
		"an array in JSON":       `{"Encrypt":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPush(command("change_auth")) // The signature covers the empty ciphertext, so it is no reason to refuse.
			p.Signature = refSign(p.Token, p.Timestamp, p.Nonce, "")
			requireMalformed(t, func() *http.Request { return p.requestWithBody(body) })
		})
	}
}

func TestX13_BodyThatNeverComes(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth")).parts()

	t.Run("408 within the five seconds that WeCom waits", func(t *testing.T) {
		t.Parallel()
		f, conn := dial(t)
		began := time.Now()
		require.NoError(t, conn.SetDeadline(began.Add(10*time.Second)))
		_, err := io.WriteString(conn, requestHead(p, "Content-Length: 100\r\n")+"<x")
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Less(t, time.Since(began), 5*time.Second)
		require.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Empty(t, body)
		require.Empty(t, f.handledNames())
	})
	t.Run("Serve, where the caller set the deadline", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		r := p.requestWithBody("")
		r.Body = io.NopCloser(&brokenReader{data: []byte("<x"), err: fmt.Errorf("read tcp: %w", os.ErrDeadlineExceeded)})
		r.ContentLength = 100
		f.serveError(r, http.StatusRequestTimeout, openwork.ErrTimeout)
	})
	t.Run("a body that only hesitates is served", func(t *testing.T) {
		t.Parallel()
		f, conn := dial(t)
		require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
		_, err := io.WriteString(conn, requestHead(p, "Content-Length: "+strconv.Itoa(len(p.Body))+"\r\n")+p.Body[:2])
		require.NoError(t, err)
		time.Sleep(200 * time.Millisecond) // The network has no clock to inject.
		_, err = io.WriteString(conn, p.Body[2:])
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, "success", string(body))
		require.Equal(t, []string{"change_auth"}, f.handledNames())
	})
	t.Run("the next request on a connection has its own deadline", func(t *testing.T) {
		t.Parallel()
		_, conn := dial(t)
		require.NoError(t, conn.SetDeadline(time.Now().Add(15*time.Second)))
		replies := bufio.NewReader(conn)
		for i := range 2 {
			time.Sleep(time.Duration(i) * 3 * time.Second) // Longer than a body may take: an idle connection is no slow body.
			_, err := io.WriteString(conn, requestHead(p, "Content-Length: "+strconv.Itoa(len(p.Body))+"\r\n")+p.Body)
			require.NoError(t, err)
			resp, err := http.ReadResponse(replies, nil)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, resp.Body)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.False(t, resp.Close)
		}
	})
}

func TestX14_TruncatedAnywhere(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth", "State", "中文 & more")).parts()
	inXML, inJSON := p.Body, envelopeJSON(testSuiteID, p.Encrypt)

	for name, body := range map[string]string{"XML": inXML, "JSON": inJSON} {
		t.Run("body in "+name, func(t *testing.T) {
			f := newFixture(t)
			for cut := range len(body) {
				w := f.do(p.requestWithBody(body[:cut]))
				require.Equal(t, http.StatusBadRequest, w.Code, "cut at %d", cut)
				require.Empty(t, w.Body.String())

				// The connection broke: the length that was declared never came.
				r := p.requestWithBody("")
				r.Body = io.NopCloser(&brokenReader{data: []byte(body[:cut]), err: io.ErrUnexpectedEOF})
				r.ContentLength = int64(len(body))
				w = f.do(r)
				require.GreaterOrEqual(t, w.Code, 400, "broken at %d", cut)
				require.Empty(t, w.Body.String())
			}
			require.Empty(t, f.handledNames())
			f.requireSuccess(p.requestWithBody(body))
		})
	}
	t.Run("query", func(t *testing.T) {
		f := newFixture(t)
		for cut := range len(p.RawQuery) {
			w := f.do(p.requestWithQuery(p.RawQuery[:cut]))
			require.Contains(t, []int{http.StatusBadRequest, http.StatusForbidden}, w.Code, "cut at %d", cut)
			require.Empty(t, w.Body.String())
		}
		require.Empty(t, f.handledNames())
	})
	t.Run("query of a URL check", func(t *testing.T) {
		f := newFixture(t)
		check := newURLCheck("1616140317555161061").parts()
		for cut := range len(check.RawQuery) {
			w := f.do(check.requestWithQuery(check.RawQuery[:cut]))
			require.Contains(t, []int{http.StatusBadRequest, http.StatusForbidden}, w.Code, "cut at %d", cut)
			require.Empty(t, w.Body.String())
		}
	})
	t.Run("ciphertext, signed as it is", func(t *testing.T) {
		f := newFixture(t)
		for cut := range len(p.Encrypt) {
			cutPush := newPush("", func(c *push) { c.Encrypt = p.Encrypt[:cut] })
			cutPush.Signature = refSign(testToken, cutPush.Timestamp, cutPush.Nonce, p.Encrypt[:cut])
			w := f.do(cutPush.requestWithBody(envelopeXML(testSuiteID, p.Encrypt[:cut])))
			require.Contains(t, []int{http.StatusBadRequest, http.StatusForbidden}, w.Code, "cut at %d", cut)
			require.Empty(t, w.Body.String())
		}
		require.Empty(t, f.handledNames())
	})
	t.Run("message, sealed as it is", func(t *testing.T) {
		f := newFixture(t)
		for cut := range len(p.Plaintext) {
			w := f.do(newPush(p.Plaintext[:cut]).request())
			require.Equal(t, http.StatusBadRequest, w.Code, "cut at %d", cut)
			require.Empty(t, w.Body.String())
		}
		require.Empty(t, f.handledNames())
	})
}

func TestX15_JSONEnvelope(t *testing.T) {
	t.Parallel()
	jsonMessage := `{"SuiteId":"` + testSuiteID + `","AuthCorpId":"` + testCorp +
		`","InfoType":"change_auth","TimeStamp":1700000000}`
	for message, plaintext := range map[string]string{"an XML message": command("change_auth"), "a JSON message": jsonMessage} {
		p := newPush(plaintext)
		for p.Encrypt = ""; !strings.Contains(p.Encrypt, "/"); { // so that there is a slash to escape
			p.Encrypt = refSeal(testKey, []byte(plaintext), testSuiteID)
		}
		p = p.parts()
		slashes := strings.ReplaceAll(p.Encrypt, "/", `\/`)
		for name, body := range map[string]string{
			"as published": `{ "ToUserName": "` + testSuiteID + `", "Encrypt": "` + p.Encrypt + `", "AgentID": 218 }`,
			"compact":      envelopeJSON(testSuiteID, p.Encrypt),
			"in lower case, as with callback_format=json": `{"tousername":"` + testSuiteID + `","encrypt":"` + p.Encrypt +
				`","agentid":218}`,
			"only encrypt lower case":      `{"ToUserName":"` + testSuiteID + `","encrypt":"` + p.Encrypt + `","AgentID":218}`,
			"Encrypt first":                `{"Encrypt":"` + p.Encrypt + `","ToUserName":"` + testSuiteID + `"}`,
			"nothing but Encrypt":          `{"Encrypt":"` + p.Encrypt + `"}`,
			"slashes escaped, as PHP does": `{"Encrypt":"` + slashes + `"}`,
			"a letter escaped":             `{"Encrypt":"` + fmt.Sprintf(`\u%04x`, p.Encrypt[0]) + p.Encrypt[1:] + `"}`,
			"pretty-printed":               "\n{\r\n\t\"Encrypt\" : \"" + p.Encrypt + "\"\n}\n",
			"unknown members":              `{"a":null,"b":true,"c":-1.5e3,"d":"中\u56fd\ud83d\ude00","Encrypt":"` + p.Encrypt + `"}`,
			"an AgentID in quotes":         `{"Encrypt":"` + p.Encrypt + `","AgentID":"218"}`,
			"an empty AgentID":             `{"Encrypt":"` + p.Encrypt + `","AgentID":""}`,
		} {
			t.Run(name+" around "+message, func(t *testing.T) {
				f := newFixture(t)
				f.requireSuccess(p.requestWithBody(body))
				require.Equal(t, []string{"change_auth"}, f.handledNames())
			})
		}
	}
	t.Run("a JSON message in an XML envelope, field by field", func(t *testing.T) {
		f := newFixture(t)
		var got *openwork.Message
		f.HandleAuthChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			got = msg
			return next(msg)
		})
		f.requireSuccess(newPush(jsonMessage).request())
		require.NotNil(t, got)
		require.Equal(t, testSuiteID, got.SuiteID)
		require.Equal(t, testCorp, got.AuthCorpID)
		require.Equal(t, "change_auth", got.InfoType)
		require.Equal(t, "1700000000", got.Get("TimeStamp"))
		require.True(t, got.Time.Equal(testNow), "got %s", got.Time)
	})

	// Vector A3: the published JSON sample, whose message is malformed.
	vector := push{
		Method: http.MethodPost, Timestamp: "1409659813", Nonce: "1372623149",
		Signature: "1f3153b7abd0ba99b4ab2e57fac2376110d03a3c",
		Encrypt: "pvXgeha3nZ7UQ2DG3WD3IVsNJR38QVl1+h+wmLQHIAwEG3Jey2aTZtvAWzhEZ9JEKGwIUMBWX3JlUhfo7O7WbvI10vHIsdSNr1nr" +
			"3LuOwAfnwLJAMQNDxi5tHUl08Op59jxOL73r8+g60KOxMTaFwXzlr9Yxgq5ey5nzNb/2vDjjvDZNXkJVmL/XWnv6PXrVbTpNxphqWRv2BpPY" +
			"qvwRMkHgdFliatljMVlkkRHS40FOHmtBhj/4RXtIexfDx8opBXwi0L9RTlYNQzGx+FA+74xVHG7Le/pmNDwc2Ri5mbw=",
	}
	vector.Body = `{ "ToUserName": "wx5823bf96d3bd56c7", "Encrypt": "` + vector.Encrypt + `", "AgentID": 218 }`
	published := func(cfg *openwork.Config) {
		cfg.Token, cfg.EncodingAESKey, cfg.Tolerance = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", -1
	}
	t.Run("vector A3 for a Server of that id", func(t *testing.T) {
		requireMalformed(t, vector.request, published, func(cfg *openwork.Config) { cfg.SuiteID = "wx5823bf96d3bd56c7" })
	})
	t.Run("vector A3 for a Server that takes any corp", func(t *testing.T) {
		newFixture(t, published).requireRefused(http.StatusForbidden, vector.request()) // nobody is told that it decrypted
	})
	t.Run("vector A3 with the slip mended", func(t *testing.T) {
		f := newFixture(t)
		f.requireSuccess(newPush(`{ "ToUserName": "`+testCorp+`", "FromUserName": "mycreate", "CreateTime": 1409659813, `+
			`"MsgType": "text", "Content": "hello", "MsgId": 4561255354251345929, "AgentID": 218}`, toCorp).request())
		require.Equal(t, []string{"message.text"}, f.handledNames())
	})
}

func TestX16_HostileJSON(t *testing.T) {
	// Not parallel: it measures memory.
	p := newPush(command("change_auth")).parts()
	other := newPush(command("cancel_auth")).parts()
	encrypt := `"Encrypt":"` + p.Encrypt + `"`
	deepArray := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	deepObject := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	number := strings.Repeat("1", 900<<10)
	rows := map[string]string{
		"two Encrypt that are equal":            "{" + encrypt + "," + encrypt + "}",
		"two Encrypt, the signed one first":     "{" + encrypt + `,"Encrypt":"` + other.Encrypt + `"}`,
		"two Encrypt, the signed one last":      `{"Encrypt":"` + other.Encrypt + `",` + encrypt + "}",
		"Encrypt and encrypt":                   "{" + encrypt + `,"encrypt":"` + p.Encrypt + `"}`,
		"Encrypt and an escaped Encrypt":        "{" + encrypt + `,"\u0045ncrypt":"` + p.Encrypt + `"}`,
		"Encrypt and null":                      "{" + encrypt + `,"Encrypt":null}`,
		"Encrypt nested":                        `{"a":{` + encrypt + "}}",
		"Encrypt in an array":                   "[{" + encrypt + "}]",
		"Encrypt as an array of two":            `{"Encrypt":["` + p.Encrypt + `","` + other.Encrypt + `"]}`,
		"Encrypt as an object":                  `{"Encrypt":{"Encrypt":"` + p.Encrypt + `"}}`,
		"a letter behind":                       "{" + encrypt + "}x",
		"a brace behind":                        "{" + encrypt + "}}",
		"a second object behind":                "{" + encrypt + "}{}",
		"a NUL behind":                          "{" + encrypt + "}\x00",
		"a comma too many":                      "{" + encrypt + ",}",
		"a comma too few":                       "{" + encrypt + ` "a":1}`,
		"a comment":                             "{/* */" + encrypt + "}",
		"single quotes":                         "{'Encrypt':'" + p.Encrypt + "'}",
		"a newline in a string":                 `{"a":"` + "\n" + `",` + encrypt + "}",
		"half of a surrogate pair, raw":         `{"a":"` + "\xed\xa0\x80" + `",` + encrypt + "}",
		"invalid UTF-8":                         `{"a":"` + "\xff" + `",` + encrypt + "}",
		"an unknown escape":                     `{"a":"\x",` + encrypt + "}",
		"a number that starts with 0":           `{"AgentID":0218,` + encrypt + "}",
		"NaN":                                   `{"AgentID":NaN,` + encrypt + "}",
		"arrays 10 000 deep":                    `{"a":` + deepArray + "," + encrypt + "}",
		"arrays 10 000 deep behind":             "{" + encrypt + `,"a":` + deepArray + "}",
		"arrays 10 000 deep, never closed":      `{"a":` + deepArray[:10_000],
		"objects 10 000 deep":                   `{"a":` + deepObject + "," + encrypt + "}",
		"objects 10 000 deep around everything": strings.Repeat(`{"a":`, 10_000) + "{" + encrypt + "}" + strings.Repeat("}", 10_000),
		"a number of 900 KiB as AgentID":        `{"AgentID":` + number + "," + encrypt + "}",
		"a number of 900 KiB behind":            "{" + encrypt + `,"AgentID":` + number + "}",
		"a number of 900 KiB as Encrypt":        `{"Encrypt":` + number + "}",
		"an exponent of 900 KiB":                `{"AgentID":1e` + number + "," + encrypt + "}",
	}
	for name, body := range rows {
		t.Run(name, func(t *testing.T) { requireCheapRefusal(t, p, body) })
	}

	head := `{"SuiteId":"` + testSuiteID + `","InfoType":"change_auth","TimeStamp":1700000000`
	inside := map[string]string{
		"two InfoType":            head + `,"InfoType":"cancel_auth"}`,
		"two equal InfoType":      head + `,"InfoType":"change_auth"}`,
		"two SuiteId":             head + `,"SuiteId":"` + testSuiteID + `"}`,
		"trailing bytes":          head + "}x",
		"a second object":         head + "}{}",
		"arrays 10 000 deep":      head + `,"a":` + deepArray + "}",
		"objects 10 000 deep":     head + `,"a":` + deepObject + "}",
		"an array as the message": "[" + head + "}]",
		"cut in the middle":       head,
	}
	for name, plaintext := range inside {
		t.Run("inside the message: "+name, func(t *testing.T) {
			sealed := newPush(plaintext).parts()
			requireCheapRefusal(t, sealed, sealed.Body)
		})
	}
}

func TestX17_TheLargestDocumentedPush(t *testing.T) {
	t.Parallel()
	const entries = 1000
	id := strings.Repeat("x", 64-len("0000")) // Ids are 64 bytes at most.
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(command("change_school_contact_batch"), "</xml>"))
	for i := range entries {
		fmt.Fprintf(&b, "<ChangeList>\n  <TimeStamp>%d</TimeStamp>\n  <ChangeType><![CDATA[update_department]]></ChangeType>\n"+
			"  <Id><![CDATA[%s%04d]]></Id>\n  <NewId><![CDATA[%s%04d]]></NewId>\n</ChangeList>\n", testNow.Unix()+int64(i), id, i, id, i+1)
	}
	b.WriteString("</xml>")

	f := newFixture(t)
	var batch struct {
		XMLName    xml.Name `xml:"xml"`
		InfoType   string   `xml:"InfoType"`
		ChangeList []struct {
			TimeStamp  int64  `xml:"TimeStamp"`
			ChangeType string `xml:"ChangeType"`
			ID         string `xml:"Id"`
			NewID      string `xml:"NewId"`
		} `xml:"ChangeList"`
	}
	f.Handle("change_school_contact_batch", func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		if err := msg.Decode(&batch); err != nil {
			return openwork.Success, err
		}
		return next(msg)
	})
	f.requireSuccess(newPush(b.String()).request())
	require.Equal(t, []string{"change_school_contact_batch"}, f.handledNames())
	require.Equal(t, "change_school_contact_batch", batch.InfoType)
	require.Len(t, batch.ChangeList, entries)
	last := batch.ChangeList[entries-1]
	require.Equal(t, testNow.Unix()+entries-1, last.TimeStamp)
	require.Equal(t, "update_department", last.ChangeType)
	require.Equal(t, id+"0999", last.ID)
	require.Equal(t, id+"1000", last.NewID)
}

// requireCheapRefusal checks that a push with that body is refused as malformed, and that refusing it allocates at
// most four times the body and a little.
func requireCheapRefusal(t *testing.T, p *push, body string) {
	t.Helper()
	require.LessOrEqual(t, len(body), 1<<20, "the row is meant to pass the limit of the size")
	f := newFixture(t)
	f.requireSuccess(newPush(command("change_auth")).request()) // what is made once is not the body's doing
	r := p.requestWithBody(body)
	var resp *openwork.Response
	var err error
	allocated := allocatedBy(func() { resp, err = f.Serve(r) })
	require.Nil(t, resp)
	require.ErrorIs(t, err, openwork.ErrMalformed)
	require.Equal(t, http.StatusBadRequest, openwork.StatusCode(err))
	require.LessOrEqual(t, allocated, uint64(4*len(body)+64<<10), "of a body of %d bytes", len(body))
	f.requireRefused(http.StatusBadRequest, p.requestWithBody(body))
}

// allocatedBy is how many bytes are allocated while f runs. Tests that measure are not parallel.
func allocatedBy(f func()) uint64 {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// padEnvelope makes an envelope exactly that long with an unknown element at its end.
func padEnvelope(body string, size int) string {
	const open, end = "<P>", "</P></xml>"
	body = strings.TrimSuffix(body, "</xml>") + open
	return body + strings.Repeat("a", size-len(body)-len(end)) + end
}

func envelopeJSON(toUserName, encrypt string) string {
	return `{"ToUserName":"` + toUserName + `","Encrypt":"` + encrypt + `","AgentID":218}`
}

// numbered writes a format n times, with 0 to n-1.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func utf16Text(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// chunked is a body in the chunks of HTTP/1.1.
func chunked(body string) string {
	var b strings.Builder
	for len(body) > 0 {
		n := min(len(body), 64<<10)
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return b.String() + "0\r\n\r\n"
}

// requestHead is the head of a push as bytes on the wire.
func requestHead(p *push, header string) string {
	return "POST /wecom/callback?" + p.RawQuery + " HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n"
}

// dial serves a new fixture on a loopback port and connects to it.
func dial(t *testing.T) (*fixture, net.Conn) {
	t.Helper()
	f := newFixture(t, withBudget(time.Minute))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	site := &http.Server{Handler: f}
	done := make(chan error, 1)
	go func() { done <- site.Serve(listener) }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = conn.Close()
		require.NoError(t, site.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
	return f, conn
}

// requireClosedAfter413 sends a push with a body that is too large over a connection, which must be answered 413 and
// closed.
func requireClosedAfter413(t *testing.T, p *push, header, body string) {
	t.Helper()
	f, conn := dial(t)
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(conn, requestHead(p, header)+body) // It may fail: the Server need not read to the end.
	}()
	replies := bufio.NewReader(conn)
	resp, err := http.ReadResponse(replies, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
	require.True(t, resp.Close, "the answer says that the connection stays open")
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Empty(t, answer)
	_, err = replies.ReadByte()
	require.Error(t, err, "another byte came")
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection stayed open")
	<-sent
	require.Empty(t, f.handledNames())
}

// brokenReader gives its data and then the error.
type brokenReader struct {
	data []byte
	err  error
}

func (r *brokenReader) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, r.err
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}
