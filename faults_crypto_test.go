package openwork_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// otherToken and otherKey are a second valid pair, and otherSuite a second suite.
const (
	otherToken = "hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo"
	otherKey   = "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt"
	otherSuite = "ww9f8e7d6c5b4a3928"
)

// The plaintexts the tests below break. The ticket would show in the ticket store, the event in a handler.
var (
	cryptoTicket = ticketXML(testSuiteID, "forged-ticket-value", testNow.Add(time.Second))
	cryptoEvent  = command("create_auth", "AuthCode", "auth-code-value")
)

func TestC1_WrongTokenOrKey(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		edit func(*push)
		want error
	}{
		{"wrong Token", func(p *push) { p.Token = otherToken }, openwork.ErrSignature},
		{"wrong key", func(p *push) { p.Key = otherKey }, openwork.ErrDecrypt},
		{"wrong Token and key", func(p *push) { p.Token, p.Key = otherToken, otherKey }, openwork.ErrSignature},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newTicketedFixture(t)
			requirePushRefused(f, http.StatusForbidden, row.want, newPush(cryptoTicket, row.edit))
			requirePushRefused(f, http.StatusForbidden, row.want, newURLCheck("1616140317555161061", row.edit))
		})
	}
}

func TestC2_EveryBitFlipped(t *testing.T) {
	t.Parallel()
	parts := []struct {
		name string
		of   func(*push) *string
	}{
		{"signature", func(p *push) *string { return &p.Signature }},
		{"timestamp", func(p *push) *string { return &p.Timestamp }},
		{"nonce", func(p *push) *string { return &p.Nonce }},
		{"Encrypt", func(p *push) *string { return &p.Encrypt }},
	}
	valid := map[string]*push{
		"push":      newPush(cryptoTicket),
		"URL check": newURLCheck("1616140317555161061"),
	}
	for kind, p := range valid {
		for _, part := range parts {
			t.Run(kind+" "+part.name, func(t *testing.T) {
				t.Parallel()
				f := newTicketedFixture(t)
				whole := p.parts()
				whole.RawQuery, whole.Body = "", "" // written anew around the broken part
				original := *part.of(whole)
				for i := range len(original) * 8 {
					broken := *whole
					flipped := flipBit([]byte(original), i)
					*part.of(&broken) = string(flipped)
					if part.name == "signature" && strings.EqualFold(string(flipped), original) {
						continue // a hex digit in the other case is the same digit, see Q7
					}
					f.requireRefusedWithAny("bit "+strconv.Itoa(i), broken.request(),
						http.StatusBadRequest, http.StatusForbidden)
				}
			})
		}
	}
}

func TestC3_LaxBase64(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		usable func(encrypt string) bool // whether this ciphertext can be broken in this way
		damage func(encrypt string) string
	}{
		{
			"URL alphabet",
			func(s string) bool { return strings.ContainsAny(s, "+/") },
			strings.NewReplacer("+", "-", "/", "_").Replace,
		},
		{
			"no padding",
			func(s string) bool { return strings.HasSuffix(s, "=") },
			func(s string) string { return strings.TrimRight(s, "=") },
		},
		{"one padding more", nil, func(s string) string { return s + "=" }},
		{"a whole quantum of padding more", nil, func(s string) string { return s + "====" }},
		{"newline inside", nil, func(s string) string { return s[:40] + "\n" + s[40:] }},
		{"carriage return and newline inside", nil, func(s string) string { return s[:40] + "\r\n" + s[40:] }},
		{"four newlines inside, so that the length fits", nil, func(s string) string { return s[:40] + "\n\n\n\n" + s[40:] }},
		{"line ends around and inside, so that the length fits", nil, func(s string) string {
			return "\r\n" + s[:40] + "\n" + s[40:] + "\n"
		}},
		{"blank inside", nil, func(s string) string { return s[:40] + " " + s[40:] }},
		{"tab inside", nil, func(s string) string { return s[:40] + "\t" + s[40:] }},
		{
			"other bits after the last byte",
			func(s string) bool { return strings.HasSuffix(s, "=") },
			setTrailingBits,
		},
		{"NUL at the end", nil, func(s string) string { return s + "\x00" }},
		{"padding in the middle", nil, func(s string) string { return s[:43] + "=" + s[44:] }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for name, p := range map[string]*push{
				"push":      newPush(cryptoTicket),
				"URL check": newURLCheck("1616140317555161061"),
			} {
				encrypt := sealUntil(p.Key, p.ReceiveID, func(n int) string {
					if p.Method == http.MethodGet {
						return strings.Repeat("1", 1+n)
					}
					return ticketXML(testSuiteID, "forged-ticket-value"+strings.Repeat("1", n), testNow.Add(time.Second))
				}, row.usable)
				broken := row.damage(encrypt)
				require.NotEqual(t, encrypt, broken)

				f := newTicketedFixture(t)
				require.Equal(t, http.StatusOK, newResponse(f, p, encrypt, "").Code, "%s before it is broken", name)

				f = newTicketedFixture(t)
				for signature, signed := range map[string]string{"valid signature": broken, "old signature": encrypt} {
					w := newResponse(f, p, broken, refSign(p.Token, p.Timestamp, p.Nonce, signed))
					assert.Equal(t, http.StatusBadRequest, w.Code, "%s, %s", name, signature)
					assert.Empty(t, w.Body.String(), "%s, %s", name, signature)
				}
				assert.Empty(t, f.handledNames())
				requireTicket(f, testSuiteID, "first-ticket")
			}
		})
	}
}

func TestC4_CiphertextLength(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 15, 16, 17, 31, 33, 48, 63, 80, 112} {
		t.Run(fmt.Sprintf("%d bytes", n), func(t *testing.T) {
			t.Parallel()
			encrypt := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xA5}, n))
			if n > 0 && n%16 == 0 {
				encrypt = refEncryptRaw(testKey, bytes.Repeat([]byte{1}, n)) // its padding is right
			}
			for name, p := range map[string]*push{
				"push":      newPush(cryptoTicket),
				"URL check": newURLCheck("1616140317555161061"),
			} {
				f := newTicketedFixture(t)
				for signature, signed := range map[string]string{"valid signature": encrypt, "old signature": "AAAA"} {
					broken := p.parts()
					broken.Signature = refSign(p.Token, p.Timestamp, p.Nonce, signed)
					broken.RawQuery = "msg_signature=" + broken.Signature +
						"&timestamp=" + p.Timestamp + "&nonce=" + p.Nonce
					broken.Body = envelopeXML(p.ReceiveID, encrypt)
					if p.Method == http.MethodGet {
						broken.RawQuery += "&echostr=" + escape(encrypt)
						broken.Body = ""
					}
					f.requireRefusedWithAny(name+", "+signature, broken.request(), http.StatusBadRequest)
				}
			}
		})
	}
}

func TestC5_Padding(t *testing.T) {
	t.Parallel()
	refused := []struct {
		name    string
		rest    int // length of the frame, modulo 32
		padding []byte
	}{
		{"0", 0, bytes.Repeat([]byte{0}, 32)},
		{"0 in one byte", 31, []byte{0}},
		{"33", 31, bytes.Repeat([]byte{33}, 33)},
		{"64", 0, bytes.Repeat([]byte{64}, 64)},
		{"255", 1, bytes.Repeat([]byte{255}, 255)},
		{"01 02 03 04", 28, []byte{1, 2, 3, 4}},
		{"zeros and a count", 28, []byte{0, 0, 0, 4}},
		{"a count of 32 behind other bytes", 28, []byte{4, 4, 4, 32}},
	}
	for _, row := range refused {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newTicketedFixture(t)
			requirePushRefused(f, http.StatusForbidden, openwork.ErrDecrypt, newRawPush(append(frameOfRest(t, row.rest), row.padding...)))
		})
	}
	t.Run("1 to 32 uniform bytes are accepted", func(t *testing.T) {
		t.Parallel()
		f := newTicketedFixture(t)
		for n := 1; n <= 32; n++ {
			padding := bytes.Repeat([]byte{byte(n)}, n)
			f.requireSuccess(newRawPush(append(frameOfRest(t, 32-n), padding...)).request())
		}
		assert.Len(t, f.handledNames(), 32)
	})
	t.Run("33 to 255 uniform bytes are refused", func(t *testing.T) {
		t.Parallel()
		f := newTicketedFixture(t)
		for n := 33; n <= 255; n++ {
			padding := bytes.Repeat([]byte{byte(n)}, n)
			f.requireRefusedWithAny(fmt.Sprintf("%d bytes", n),
				newRawPush(append(frameOfRest(t, (256-n)%32), padding...)).request(), http.StatusForbidden)
		}
	})
	t.Run("each of the bytes counts", func(t *testing.T) {
		t.Parallel()
		f := newTicketedFixture(t)
		for n := 2; n <= 32; n++ {
			for wrong := range n - 1 {
				padding := bytes.Repeat([]byte{byte(n)}, n)
				padding[wrong] ^= 1
				f.requireRefusedWithAny(fmt.Sprintf("%d bytes, number %d wrong", n, wrong),
					newRawPush(append(frameOfRest(t, 32-n), padding...)).request(), http.StatusForbidden)
			}
		}
	})
}

func TestC6_LengthField(t *testing.T) {
	t.Parallel()
	length := uint32(len(cryptoTicket))
	rows := []struct {
		name   string
		length uint32
		want   error
	}{
		{"0xFFFFFFFF", 0xFFFFFFFF, openwork.ErrDecrypt},
		{"0xFFFFFFEC", 0xFFFFFFEC, openwork.ErrDecrypt}, // 20 more is 0 in 32 bits
		{"0x80000000", 0x80000000, openwork.ErrDecrypt},
		{"0x7FFFFFFF", 0x7FFFFFFF, openwork.ErrDecrypt},
		{"1000 in a short frame", 1000, openwork.ErrDecrypt},
		{"past the receive id", length + uint32(len(testSuiteID)) + 1, openwork.ErrDecrypt},
		{"the receive id as well", length + uint32(len(testSuiteID)), openwork.ErrReceiveID},
		{"one more", length + 1, openwork.ErrReceiveID},
		{"one less", length - 1, openwork.ErrReceiveID},
		{"0", 0, openwork.ErrReceiveID},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newTicketedFixture(t)
			frame := fixedFrame([]byte(cryptoTicket), testSuiteID)
			binary.BigEndian.PutUint32(frame[16:], row.length)
			requirePushRefused(f, http.StatusForbidden, row.want, newRawPush(refPad(frame)))
		})
	}
	t.Run("the right length is accepted", func(t *testing.T) {
		t.Parallel()
		f := newTicketedFixture(t)
		f.requireSuccess(newRawPush(refPad(fixedFrame([]byte(cryptoTicket), testSuiteID))).request())
	})
}

func TestC7_ShortPlaintext(t *testing.T) {
	t.Parallel()
	for n := range 20 {
		t.Run(fmt.Sprintf("%d bytes", n), func(t *testing.T) {
			t.Parallel()
			f := newTicketedFixture(t)
			padded := refPad(make([]byte, n))
			requirePushRefused(f, http.StatusForbidden, openwork.ErrDecrypt, newRawPush(padded))
		})
	}
}

func TestC8_ReceiveID(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		name  string
		valid *push
	}{
		{"command push", newPush(cryptoEvent)},
		{"ticket push", newPush(cryptoTicket)},
		{"data push", newPush(textMessage("hello"), toCorp)},
		{"URL check", newURLCheck("1616140317555161061")},
	}
	breaks := []struct {
		name string
		of   func(id string) string
	}{
		{"other suite", func(string) string { return otherSuite }},
		{"prefix", func(id string) string { return id[:len(id)-1] }},
		{"one character", func(id string) string { return id[:1] }},
		{"suffix", func(id string) string { return id[1:] }},
		{"longer", func(id string) string { return id + "0" }},
		{"twice", func(id string) string { return id + id }},
		{"other case", strings.ToUpper},
		{"blank after it", func(id string) string { return id + " " }},
		{"trailing NUL", func(id string) string { return id + "\x00" }},
		{"leading NUL", func(id string) string { return "\x00" + id }},
		{"empty", func(string) string { return "" }},
	}
	// A URL check is answered for any corp unless AllowCorp knows better, see Q14, so here it does.
	noOtherCorp := func(c *openwork.Config) {
		c.AllowCorp = func(_ context.Context, corpID string) (bool, error) { return corpID == testCorp, nil }
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, http.StatusOK, newTicketedFixture(t, noOtherCorp).do(kind.valid.request()).Code)
			for _, row := range breaks {
				t.Run(row.name, func(t *testing.T) {
					t.Parallel()
					f := newTicketedFixture(t, noOtherCorp)
					broken := *kind.valid
					sealedFor(row.of(broken.ReceiveID))(&broken)
					requirePushRefused(f, http.StatusForbidden, openwork.ErrReceiveID, &broken)
				})
			}
		})
	}
	t.Run("any corp, but not another one than the signed message names", func(t *testing.T) {
		t.Parallel()
		f := newTicketedFixture(t)
		f.requireSuccess(newPush(textMessage("hello"), toCorp).request())
		requirePushRefused(f, http.StatusForbidden, openwork.ErrReceiveID,
			newPush(textMessage("hello"), sealedFor("wpcustomer00000002")))
	})
}

func TestC9_EmptyReceiveID(t *testing.T) {
	t.Parallel()
	individual := func(c *openwork.Config) { c.AllowEmptyReceiveID = true }
	empty := sealedFor("")
	message := newPush(textMessage("hello"), empty)
	check := newURLCheck("1616140317555161061", empty)

	t.Run("on", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, individual)
		f.requireSuccess(message.request())
		assert.Equal(t, []string{"message.text"}, f.handledNames())
		w := f.do(check.request())
		assert.Equal(t, http.StatusOK, w.Code, f.log.String())
		assert.Equal(t, "1616140317555161061", w.Body.String())
	})
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		f := newTicketedFixture(t)
		requirePushRefused(f, http.StatusForbidden, openwork.ErrReceiveID, message)
		requirePushRefused(f, http.StatusForbidden, openwork.ErrReceiveID, check)
	})
	t.Run("off, with no suite id to compare with", func(t *testing.T) {
		t.Parallel()
		f := newTicketedFixture(t, func(c *openwork.Config) { c.SuiteID = "" })
		requirePushRefused(f, http.StatusForbidden, openwork.ErrReceiveID, message)
		requirePushRefused(f, http.StatusForbidden, openwork.ErrReceiveID, check)
	})
	t.Run("on, another suite is still another suite", func(t *testing.T) {
		t.Parallel()
		f := newTicketedFixture(t, individual)
		requirePushRefused(f, http.StatusForbidden, openwork.ErrReceiveID,
			newPush(cryptoEvent, sealedFor(otherSuite)))
	})
}

// TestC10_CiphertextMalleability is what someone can do who knows the Token but not the key. Encryption in CBC mode
// protects no contents, so a flip inside the message may be accepted; one that reaches the padding, the length or the
// receive id must not be.
func TestC10_CiphertextMalleability(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*push{
		"command push": newPush(cryptoEvent),
		"data push":    newPush(textMessage("hello"), toCorp),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			padded := refPad(fixedFrame([]byte(p.Plaintext), p.ReceiveID))
			ciphertext, err := base64.StdEncoding.DecodeString(refEncryptRaw(p.Key, padded))
			require.NoError(t, err)
			end := 20 + len(p.Plaintext)

			f := newFixture(t)
			for i := range len(ciphertext) * 8 {
				flipped := flipBit(ciphertext, i)
				plain := refDecryptRaw(t, p.Key, flipped)
				broken := *p
				broken.Encrypt = base64.StdEncoding.EncodeToString(flipped)

				before := len(f.handledNames())
				w := f.do(broken.request())
				what := "bit " + strconv.Itoa(i)
				if !bytes.Equal(plain[16:20], padded[16:20]) || !bytes.Equal(plain[end:], padded[end:]) {
					require.Contains(t, []int{http.StatusBadRequest, http.StatusForbidden}, w.Code, what)
				}
				switch w.Code {
				case http.StatusOK:
					require.Equal(t, "success", w.Body.String(), what)
				case http.StatusBadRequest, http.StatusForbidden:
					require.Empty(t, w.Body.String(), what)
					require.Len(t, f.handledNames(), before, what)
				default:
					require.Failf(t, "unexpected status", "%s: %d", what, w.Code)
				}
			}
		})
	}
}

// TestC11_KeyProbe repeats the first block around a block of zeros. The first vector of this cipher is the first half
// of the key, so whoever saw the two decrypted copies would know it. The rest of the captured push follows, so that
// length and padding look right.
func TestC11_KeyProbe(t *testing.T) {
	t.Parallel()
	const prefix = "prefix-of-probe!"
	frame := append([]byte(prefix), fixedFrame([]byte(cryptoEvent), testSuiteID)[16:]...)
	captured, err := base64.StdEncoding.DecodeString(refEncryptRaw(testKey, refPad(frame)))
	require.NoError(t, err)
	first := captured[:aes.BlockSize]
	probe := bytes.Join([][]byte{first, make([]byte, aes.BlockSize), first, captured[aes.BlockSize:]}, nil)
	require.Zero(t, len(probe)%32)

	plain := refDecryptRaw(t, testKey, probe)
	require.Equal(t, prefix, string(plain[:16]))
	leaked := make([]byte, 16)
	for i := range leaked {
		leaked[i] = plain[i] ^ plain[32+i]
	}
	require.Equal(t, refKey(testKey)[:16], leaked, "the probe works on whoever shows its plaintext")

	f := newTicketedFixture(t)
	quiet := len(f.log.String())
	p := newPush("", func(p *push) { p.Encrypt = base64.StdEncoding.EncodeToString(probe) })
	requirePushRefused(f, http.StatusForbidden, openwork.ErrDecrypt, p)

	_, err = f.Serve(p.request())
	require.Error(t, err)
	said := f.log.String() + err.Error()
	require.Greater(t, len(f.log.String()), quiet, "the refusal is logged")
	for what, secret := range map[string][]byte{
		"first copy": plain[:16], "zero block": plain[16:32], "second copy": plain[32:48],
		"message": plain[48:80], "half of the key": leaked,
	} {
		for _, form := range []string{
			string(secret), hex.EncodeToString(secret), strings.ToUpper(hex.EncodeToString(secret)),
			base64.StdEncoding.EncodeToString(secret)[:20], strings.Trim(strconv.Quote(string(secret)), `"`),
			strings.Trim(fmt.Sprint(secret), "[]"),
		} {
			assert.NotContains(t, said, form, what)
		}
	}
}

// TestC12_LengthExtension continues the digest of a captured push behind its last part, as SHA-1 allows without
// knowing the Token. The forged digest is right; the parameter that carries the bytes in between has the wrong shape.
func TestC12_LengthExtension(t *testing.T) {
	t.Parallel()
	forge := func(t *testing.T, p *push, last *string) *push {
		t.Helper()
		parts := []string{p.Token, p.Timestamp, p.Nonce, p.Encrypt}
		sort.Strings(parts)
		require.Equal(t, *last, parts[3], "the part to be extended must sort last")
		glue, digest := extendSHA1(t, p.Signature, len(strings.Join(parts, "")), "1")
		*last += glue + "1"
		p.Signature = digest
		require.Equal(t, refSign(p.Token, p.Timestamp, p.Nonce, p.Encrypt), p.Signature, "the forged digest is right")
		p.RawQuery, p.Body = "", ""
		return p
	}
	captured := map[string]func(edits ...func(*push)) *push{
		"push": func(edits ...func(*push)) *push { return newPush(cryptoTicket, edits...) },
		"URL check": func(edits ...func(*push)) *push {
			return newURLCheck("1616140317555161061", edits...)
		},
	}
	for kind, capture := range captured {
		t.Run(kind+", nonce extended", func(t *testing.T) {
			t.Parallel()
			f := newTicketedFixture(t)
			p := capture(func(p *push) { p.Nonce = "zzzzzzzz" }).parts()
			requirePushRefused(f, http.StatusBadRequest, openwork.ErrMalformed, forge(t, p, &p.Nonce))
		})
		t.Run(kind+", ciphertext extended", func(t *testing.T) {
			t.Parallel()
			f := newTicketedFixture(t)
			p := capture().parts()
			for p.Encrypt < p.Token {
				p = capture().parts()
			}
			requirePushRefused(f, http.StatusBadRequest, openwork.ErrMalformed, forge(t, p, &p.Encrypt))
		})
	}
}

// TestC13_BoundaryShifts uses that the four strings are signed without a mark between them: it takes one valid
// request, cuts the same signed string at all other places and names the pieces in all other ways. The signature is
// right each time. What is accepted may tell timestamp and nonce otherwise, but never the ciphertext.
func TestC13_BoundaryShifts(t *testing.T) {
	t.Parallel()
	const timestamp = "1700000000"
	rows := []struct {
		name         string
		token, nonce string
		encrypt      func(string) bool
		relabels     bool // whether there is another timestamp and nonce to be had
	}{
		{"nonce timestamp Token ciphertext", "QDG6eKtestToken", "1372623149",
			func(s string) bool { return s > "R" }, true},
		{"timestamp nonce Token ciphertext", "QDG6eKtestToken", "2372623149",
			func(s string) bool { return s > "R" }, true},
		{"nonce timestamp ciphertext Token", "zToken", "1372623149",
			func(s string) bool { return s > "2" && s < "z" }, true},
		{"ciphertext nonce timestamp Token", "QDG6eKtestToken", "1372623149",
			func(s string) bool { return s < "1" }, true},
		{"nonce ciphertext timestamp Token", "QDG6eKtestToken", "1372623149",
			func(s string) bool { return s > "14" && s < "17" }, true},
		{"long nonce, timestamp Token ciphertext", "QDG6eKtestToken", "137262314913726231491372623149",
			func(s string) bool { return s > "R" }, true},
		{"Token nonce timestamp ciphertext", "0Token", "1372623149",
			func(s string) bool { return s > "2" }, true},
		{"nonce Token timestamp ciphertext", "15Token", "1372623149",
			func(s string) bool { return s > "2" }, true},
		{"timestamp Token ciphertext nonce", "QDG6eKtestToken", "zNonce_-01",
			func(s string) bool { return s > "R" && s < "z" }, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for _, valid := range []*push{
				newPush(document("SuiteId", testSuiteID, "InfoType", "e")),
				newURLCheck("16"),
			} {
				p := *valid
				p.Token, p.Nonce, p.Timestamp = row.token, row.nonce, timestamp
				p.Encrypt = sealUntil(p.Key, p.ReceiveID, func(int) string { return p.Plaintext }, row.encrypt)
				p.Signature = refSign(p.Token, p.Timestamp, p.Nonce, p.Encrypt)
				f := newFixture(t, func(c *openwork.Config) {
					c.Token, c.Tolerance = row.token, -1
					c.Logger = slog.New(slog.DiscardHandler) // thousands of refusals
				})

				accepted := map[[2]string]bool{}
				forEachBoundaryShift(&p, func(shifted *push) {
					status := f.do(shifted.request()).Code
					shaped := shapeOfTimestamp.MatchString(shifted.Timestamp) && shapeOfNonce.MatchString(shifted.Nonce)
					ok := false
					switch {
					case shifted.Encrypt != p.Encrypt:
						ok = status == http.StatusBadRequest || status == http.StatusForbidden
					case !shaped:
						ok = status == http.StatusBadRequest
					default:
						ok = status == http.StatusOK
						accepted[[2]string{shifted.Timestamp, shifted.Nonce}] = true
					}
					if !ok {
						require.Failf(t, "answered wrongly", "%d to timestamp %q, nonce %q, ciphertext %q",
							status, shifted.Timestamp, shifted.Nonce, shifted.Encrypt)
					}
				})
				require.True(t, accepted[[2]string{p.Timestamp, p.Nonce}], "the request itself is one of the cuts")
				require.Equal(t, row.relabels, len(accepted) > 1)
			}
		})
	}
	t.Run("the time window limits what is left", func(t *testing.T) {
		t.Parallel()
		p := newPush(cryptoTicket).parts()
		p.Timestamp, p.Nonce = p.Nonce, p.Timestamp // their signature is the same
		p.RawQuery = ""
		requirePushRefused(newTicketedFixture(t), http.StatusForbidden, openwork.ErrStale, p)
	})
}

func TestC14_Rotation(t *testing.T) {
	t.Parallel()
	const thirdToken, thirdKey = "aThirdToken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	rows := []struct {
		name       string
		token, key string
		status     int
	}{
		{"new", testToken, testKey, http.StatusOK},
		{"old", otherToken, otherKey, http.StatusOK},
		{"neither", thirdToken, thirdKey, http.StatusForbidden},
		{"another Token", thirdToken, testKey, http.StatusForbidden},
		{"another key", testToken, thirdKey, http.StatusForbidden},
		{"another key with the old Token", otherToken, thirdKey, http.StatusForbidden},
	}
	rotating := func(c *openwork.Config) {
		c.Previous = &openwork.Credentials{Token: otherToken, EncodingAESKey: otherKey}
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			pair := func(p *push) { p.Token, p.Key = row.token, row.key }
			ticket, check := newPush(cryptoTicket, pair), newURLCheck("1616140317555161061", pair)
			f := newTicketedFixture(t, rotating)
			if row.status != http.StatusOK {
				f.requireRefused(row.status, ticket.request())
				f.requireRefused(row.status, check.request())
				return
			}
			f.requireSuccess(ticket.request())
			requireTicket(f, testSuiteID, "forged-ticket-value")
			w := f.do(check.request())
			assert.Equal(t, http.StatusOK, w.Code, f.log.String())
			assert.Equal(t, "1616140317555161061", w.Body.String())
		})
	}
	t.Run("without Previous the old pair is refused", func(t *testing.T) {
		t.Parallel()
		f := newTicketedFixture(t)
		f.requireRefused(http.StatusForbidden, newPush(cryptoTicket, func(p *push) { p.Token, p.Key = otherToken, otherKey }).request())
	})
	t.Run("only the Token is new", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, func(c *openwork.Config) {
			c.Previous = &openwork.Credentials{Token: otherToken, EncodingAESKey: testKey}
		})
		f.requireSuccess(newPush(cryptoEvent, func(p *push) { p.Token = otherToken }).request())
	})
	t.Run("only the key is new", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, func(c *openwork.Config) {
			c.Previous = &openwork.Credentials{Token: testToken, EncodingAESKey: otherKey}
		})
		f.requireSuccess(newPush(cryptoEvent, func(p *push) { p.Key = otherKey }).request())
		f.requireSuccess(newPush(cryptoEvent).request())
	})
}

func TestC15_Construction(t *testing.T) {
	t.Parallel()
	valid := func() openwork.Config {
		return openwork.Config{
			SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey, ProviderCorpID: testProvider,
		}
	}
	anyCorp := func(context.Context, string) (bool, error) { return true, nil }
	refused := []struct {
		name string
		edit func(*openwork.Config)
	}{
		{"empty Token", func(c *openwork.Config) { c.Token = "" }},
		{"empty key", func(c *openwork.Config) { c.EncodingAESKey = "" }},
		{"key of 42 characters", func(c *openwork.Config) { c.EncodingAESKey = testKey[:42] }},
		{"key of 44 characters", func(c *openwork.Config) { c.EncodingAESKey = testKey + "A" }},
		{"key with its padding", func(c *openwork.Config) { c.EncodingAESKey = testKey + "=" }},
		{"key with +", func(c *openwork.Config) { c.EncodingAESKey = "+" + testKey[1:] }},
		{"key with /", func(c *openwork.Config) { c.EncodingAESKey = testKey[:20] + "/" + testKey[21:] }},
		{"key with -", func(c *openwork.Config) { c.EncodingAESKey = testKey[:20] + "-" + testKey[21:] }},
		{"key with a blank", func(c *openwork.Config) { c.EncodingAESKey = testKey[:20] + " " + testKey[21:] }},
		{"key with a newline at its end", func(c *openwork.Config) { c.EncodingAESKey = testKey[:42] + "\n" }},
		{"key and a newline", func(c *openwork.Config) { c.EncodingAESKey = testKey + "\n" }},
		{"key not ASCII", func(c *openwork.Config) { c.EncodingAESKey = testKey[:40] + "钥" }},
		{"neither suite id nor provider nor AllowCorp", func(c *openwork.Config) { c.SuiteID, c.ProviderCorpID = "", "" }},
		{"only AllowEmptyReceiveID", func(c *openwork.Config) {
			c.SuiteID, c.ProviderCorpID, c.AllowEmptyReceiveID = "", "", true
		}},
		{"Previous without Token", func(c *openwork.Config) {
			c.Previous = &openwork.Credentials{EncodingAESKey: otherKey}
		}},
		{"Previous with a bad key", func(c *openwork.Config) {
			c.Previous = &openwork.Credentials{Token: otherToken, EncodingAESKey: otherKey[:42]}
		}},
	}
	for _, row := range refused {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			row.edit(&cfg)
			server, err := openwork.NewServer(cfg)
			require.Error(t, err)
			assert.Nil(t, server)
			assertNoSecret(t, err.Error())
			if len(cfg.EncodingAESKey) > 20 {
				assert.NotContains(t, err.Error(), cfg.EncodingAESKey[:20])
			}
			if cfg.SuiteID+cfg.ProviderCorpID != "" && cfg.Previous == nil {
				c, err := openwork.NewCrypto(cfg.Token, cfg.EncodingAESKey)
				assert.Error(t, err, "NewCrypto is as strict")
				assert.Nil(t, c)
			}
		})
	}
	accepted := []struct {
		name string
		edit func(*openwork.Config)
	}{
		{"all of them", func(*openwork.Config) {}},
		{"suite id only", func(c *openwork.Config) { c.ProviderCorpID = "" }},
		{"provider only", func(c *openwork.Config) { c.SuiteID = "" }},
		{"AllowCorp only", func(c *openwork.Config) { c.SuiteID, c.ProviderCorpID, c.AllowCorp = "", "", anyCorp }},
		{"key whose last bits are not zero", func(c *openwork.Config) { c.EncodingAESKey = testKey[:42] + "D" }},
	}
	for _, row := range accepted {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			row.edit(&cfg)
			server, err := openwork.NewServer(cfg)
			require.NoError(t, err)
			assert.NotNil(t, server)
		})
	}
}

// TestC16_AllRefusalsLookAlike compares what goes over the wire, so that nobody learns from an answer how far a forged
// push came.
func TestC16_AllRefusalsLookAlike(t *testing.T) {
	t.Parallel()
	length := func(n uint32) []byte {
		frame := fixedFrame([]byte(cryptoEvent), testSuiteID)
		binary.BigEndian.PutUint32(frame[16:], n)
		return refPad(frame)
	}
	first := make([]byte, 16)
	at := func(d time.Duration) func(*push) {
		return func(p *push) { p.Timestamp = strconv.FormatInt(testNow.Add(d).Unix(), 10) }
	}
	rows := []struct {
		name string
		push *push
	}{
		{"C1 wrong Token", newPush(cryptoEvent, func(p *push) { p.Token = otherToken })},
		{"C1 wrong key", newPush(cryptoEvent, func(p *push) { p.Key = otherKey })},
		{"C1 both", newPush(cryptoEvent, func(p *push) { p.Token, p.Key = otherToken, otherKey })},
		{"C1 URL check, wrong Token", newURLCheck("16", func(p *push) { p.Token = otherToken })},
		{"C1 URL check, wrong key", newURLCheck("16", func(p *push) { p.Key = otherKey })},
		{"C5 padding 0", newRawPush(append(frameOfRest(t, 0), make([]byte, 32)...))},
		{"C5 padding 33", newRawPush(append(frameOfRest(t, 31), bytes.Repeat([]byte{33}, 33)...))},
		{"C5 padding 255", newRawPush(append(frameOfRest(t, 1), bytes.Repeat([]byte{255}, 255)...))},
		{"C5 padding not uniform", newRawPush(append(frameOfRest(t, 28), 1, 2, 3, 4))},
		{"C6 length 0xFFFFFFFF", newRawPush(length(0xFFFFFFFF))},
		{"C6 length 0xFFFFFFEC", newRawPush(length(0xFFFFFFEC))},
		{"C6 length 0x7FFFFFFF", newRawPush(length(0x7FFFFFFF))},
		{"C6 length one more", newRawPush(length(uint32(len(cryptoEvent)) + 1))},
		{"C6 length one less", newRawPush(length(uint32(len(cryptoEvent)) - 1))},
		{"C6 length 0", newRawPush(length(0))},
		{"C7 19 bytes", newRawPush(refPad(make([]byte, 19)))},
		{"C7 nothing but padding", newRawPush(bytes.Repeat([]byte{32}, 32))},
		{"C8 other suite", newPush(cryptoEvent, sealedFor(otherSuite))},
		{"C8 prefix", newPush(cryptoEvent, sealedFor(testSuiteID[:17]))},
		{"C8 other case", newPush(cryptoEvent, sealedFor(strings.ToUpper(testSuiteID)))},
		{"C8 empty", newPush(cryptoEvent, sealedFor(""))},
		{"C8 trailing NUL", newPush(cryptoEvent, sealedFor(testSuiteID+"\x00"))},
		{"C8 URL check, empty", newURLCheck("16", sealedFor(""))},
		{"C11", newPush("", func(p *push) {
			p.Encrypt = base64.StdEncoding.EncodeToString(bytes.Join([][]byte{first, first, first, first}, nil))
		})},
		{"R1 too old", newPush(cryptoEvent, at(-10*time.Minute-time.Second))},
		{"R1 too new", newPush(cryptoEvent, at(10*time.Minute+time.Second))},
		{"R1 URL check, too old", newURLCheck("16", at(-10*time.Minute-time.Second))},
	}

	f := newFixture(t)
	server := httptest.NewServer(f.Server)
	t.Cleanup(server.Close)
	want := onTheWire(t, server, rows[0].push)
	require.True(t, strings.HasPrefix(want, "HTTP/1.1 403 Forbidden\r\n"), want)
	require.True(t, strings.HasSuffix(want, "\r\n\r\n"), "no body: %s", want)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, want, onTheWire(t, server, row.push))
		})
	}
	assert.Empty(t, f.handledNames())
	assert.NotEqual(t, want, onTheWire(t, server, newPush(cryptoEvent)), "a valid push is answered otherwise")
}

func TestC17_PlaintextPush(t *testing.T) {
	t.Parallel()
	const plainJSON = `{"SuiteId":"` + testSuiteID + `","InfoType":"suite_ticket","TimeStamp":1700000001,"SuiteTicket":"forged-ticket-value"}`
	query := func(signature string) string {
		return "msg_signature=" + signature + "&timestamp=1700000000&nonce=1372623149"
	}
	queries := []struct{ name, query string }{
		{"no query", "x=1"},
		{"a signature of the right form", query(strings.Repeat("0f", 20))},
		{"the right signature of nothing", query(refSign(testToken, "1700000000", "1372623149", ""))},
		{"the right signature of the plaintext", query(refSign(testToken, "1700000000", "1372623149", cryptoTicket))},
	}
	bodies := []struct{ name, body string }{
		{"suite_ticket", cryptoTicket},
		{"create_auth", cryptoEvent},
		{"message", textMessage("hello")},
		{"JSON", plainJSON},
		{"suite_ticket with an empty Encrypt", strings.Replace(cryptoTicket, "</xml>", "<Encrypt></Encrypt></xml>", 1)},
		{"suite_ticket inside Encrypt", envelopeXML(testSuiteID, strings.NewReplacer("<![CDATA[", "", "]]>", "").Replace(cryptoTicket))},
	}
	for _, q := range queries {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			for _, b := range bodies {
				t.Run(b.name, func(t *testing.T) {
					t.Parallel()
					f := newTicketedFixture(t)
					requirePushRefused(f, http.StatusBadRequest, openwork.ErrMalformed,
						newPush("", func(p *push) { p.RawQuery, p.Body = q.query, b.body }))
				})
			}
		})
	}
}

// newTicketedFixture is a fixture whose ticket store holds "first-ticket", so that a change would show.
func newTicketedFixture(t *testing.T, edits ...func(*openwork.Config)) *fixture {
	t.Helper()
	f := newFixture(t, edits...)
	require.NoError(t, f.Tickets().PutTicket(context.Background(), testSuiteID,
		openwork.SuiteTicket{Value: "first-ticket", Time: testNow}))
	return f
}

// requireTicket checks which ticket of the suite the Server has.
func requireTicket(f *fixture, suiteID, want string) {
	f.t.Helper()
	got, err := f.Tickets().Ticket(context.Background(), suiteID)
	require.NoError(f.t, err)
	require.Equal(f.t, want, got.Value)
}

// requirePushRefused checks both doors: Serve returns an error of the wanted kind that says nothing secret, and
// ServeHTTP answers the status and nothing else.
func requirePushRefused(f *fixture, status int, want error, p *push) {
	f.t.Helper()
	p = p.parts()
	resp, err := f.Serve(p.request())
	require.ErrorIs(f.t, err, want)
	require.Nil(f.t, resp)
	require.Equal(f.t, status, openwork.StatusCode(err))
	answer := openwork.ErrorResponse(err)
	require.Equal(f.t, status, answer.StatusCode)
	require.Empty(f.t, answer.Body)
	assertNoSecret(f.t, err.Error())
	assert.NotContains(f.t, err.Error(), refSign(testToken, p.Timestamp, p.Nonce, p.Encrypt), "the right signature")

	f.requireRefused(status, p.request())
	assertNoSecret(f.t, f.log.String())
}

// requireRefusedWithAny is requireRefused where more than one status is right.
func (f *fixture) requireRefusedWithAny(what string, r *http.Request, statuses ...int) {
	f.t.Helper()
	before := len(f.handledNames())
	w := f.do(r)
	require.Contains(f.t, statuses, w.Code, what)
	require.Empty(f.t, w.Body.String(), what)
	require.Len(f.t, f.handledNames(), before, "%s: a handler ran", what)
	requireTicket(f, testSuiteID, "first-ticket")
}

// assertNoSecret checks that a text holds nothing it should not: no Token, no key, nothing of the plaintexts.
func assertNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{
		testToken, testKey, otherToken, otherKey, hex.EncodeToString(refKey(testKey)),
		"first-ticket", "forged-ticket-value", "auth-code-value",
	} {
		assert.NotContains(t, text, secret)
	}
}

// newResponse lets the Server answer a request with this ciphertext; an empty signature means the right one.
func newResponse(f *fixture, p *push, encrypt, signature string) *httptest.ResponseRecorder {
	c := *p
	c.Encrypt, c.Signature = encrypt, signature
	return f.do(c.request())
}

// sealedFor seals the push for another receive id and leaves its envelope as it was: nobody trusts that.
func sealedFor(receiveID string) func(*push) {
	return func(p *push) { p.Encrypt = refSeal(p.Key, []byte(p.Plaintext), receiveID) }
}

// newRawPush is a signed push whose decrypted bytes are given, padding and all.
func newRawPush(padded []byte) *push {
	return newPush("", func(p *push) { p.Encrypt = refEncryptRaw(p.Key, padded) })
}

// fixedFrame is refFrame with a prefix that is always the same, for tests that must not depend on chance.
func fixedFrame(message []byte, receiveID string) []byte {
	frame := binary.BigEndian.AppendUint32([]byte("0123456789abcdef"), uint32(len(message)))
	return append(append(frame, message...), receiveID...)
}

// frameOfRest is a valid frame of a push whose length is rest modulo 32.
func frameOfRest(t *testing.T, rest int) []byte {
	t.Helper()
	for n := range 32 {
		frame := fixedFrame([]byte(command("create_auth", "AuthCode", strings.Repeat("c", 1+n))), testSuiteID)
		if len(frame)%32 == rest {
			return frame
		}
	}
	require.Failf(t, "no such frame", "rest %d", rest)
	return nil
}

// sealUntil seals what message returns for 0, 1, 2 … in turn until the ciphertext suits.
func sealUntil(key, receiveID string, message func(int) string, suits func(string) bool) string {
	for n := 0; ; n++ {
		encrypt := refSeal(key, []byte(message(n%64)), receiveID)
		if suits == nil || suits(encrypt) {
			return encrypt
		}
	}
}

// setTrailingBits sets the bits of the last base64 character that stand for no byte. A lax decoder reads the same
// bytes.
func setTrailingBits(encrypt string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	body := strings.TrimRight(encrypt, "=")
	last := len(body) - 1
	return body[:last] + string(alphabet[strings.IndexByte(alphabet, body[last])|1]) + encrypt[len(body):]
}

// flipBit returns a copy with bit i flipped.
func flipBit(b []byte, i int) []byte {
	c := bytes.Clone(b)
	c[i/8] ^= 1 << (i % 8)
	return c
}

// refDecryptRaw decrypts without looking at anything, padding included.
func refDecryptRaw(t *testing.T, encodingAESKey string, ciphertext []byte) []byte {
	t.Helper()
	key := refKey(encodingAESKey)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	plain := make([]byte, len(ciphertext))
	cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(plain, ciphertext)
	return plain
}

// extendSHA1 continues a digest of n unknown bytes: with the glue, which is SHA-1's own padding, and then the suffix.
func extendSHA1(t *testing.T, digest string, n int, suffix string) (glue, extended string) {
	t.Helper()
	padding := append([]byte{0x80}, make([]byte, (119-n%64)%64)...)
	padding = binary.BigEndian.AppendUint64(padding, uint64(n)*8)
	require.Zero(t, (n+len(padding))%64)

	sum, err := hex.DecodeString(digest)
	require.NoError(t, err)
	h := sha1.New()
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	require.NoError(t, err)
	copy(state[4:], sum) // after four bytes that name the algorithm
	binary.BigEndian.PutUint64(state[len(state)-8:], uint64(n+len(padding)))
	require.NoError(t, h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state))
	h.Write([]byte(suffix))
	return string(padding), hex.EncodeToString(h.Sum(nil))
}

var (
	shapeOfTimestamp = regexp.MustCompile(`\A[0-9]{1,11}\z`)
	shapeOfNonce     = regexp.MustCompile(`\A[0-9A-Za-z_-]{1,32}\z`)
)

// forEachBoundaryShift calls do with every request that has the signature of the given one: its signed string cut
// into the Token and three pieces, empty ones too, that are named timestamp, nonce and ciphertext in all ways.
func forEachBoundaryShift(p *push, do func(*push)) {
	parts := []string{p.Token, p.Timestamp, p.Nonce, p.Encrypt}
	sort.Strings(parts)
	signed := strings.Join(parts, "")
	done := map[[3]string]bool{}
	name := func(timestamp, nonce, encrypt string) {
		if done[[3]string{timestamp, nonce, encrypt}] {
			return
		}
		done[[3]string{timestamp, nonce, encrypt}] = true
		shifted := *p
		shifted.Timestamp, shifted.Nonce, shifted.Encrypt = timestamp, nonce, encrypt
		query := "msg_signature=" + p.Signature + "&timestamp=" + escape(timestamp) + "&nonce=" + escape(nonce)
		if p.Method == http.MethodGet {
			query += "&echostr=" + escape(encrypt)
		} else {
			shifted.Body = envelopeXML(p.ReceiveID, encrypt)
		}
		shifted.RawQuery = query
		do(&shifted)
	}
	cut := func(a, b, c string) {
		pieces := []string{p.Token, a, b, c}
		sort.Strings(pieces)
		if strings.Join(pieces, "") != signed {
			return // in this order they sign something else
		}
		for _, n := range [][3]string{{a, b, c}, {a, c, b}, {b, a, c}, {b, c, a}, {c, a, b}, {c, b, a}} {
			name(n[0], n[1], n[2])
		}
	}
	for at := 0; at+len(p.Token) <= len(signed); at++ {
		if !strings.HasPrefix(signed[at:], p.Token) {
			continue
		}
		left, right := signed[:at], signed[at+len(p.Token):]
		for i := 0; i <= len(left); i++ {
			cut(left[:i], left[i:], right) // two pieces before the Token
			for j := i; j <= len(left) && right == ""; j++ {
				cut(left[:i], left[i:j], left[j:])
			}
		}
		for i := 0; i <= len(right); i++ {
			cut(left, right[:i], right[i:]) // two pieces after it
			for j := i; j <= len(right) && left == ""; j++ {
				cut(right[:i], right[i:j], right[j:])
			}
		}
	}
}

// escape is percent-encoding, of blanks too.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// onTheWire is the whole answer to a push but for its date.
func onTheWire(t *testing.T, server *httptest.Server, p *push) string {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	r := p.request()
	require.NoError(t, r.Write(conn))
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	require.NoError(t, err)
	defer resp.Body.Close()
	resp.Header.Del("Date")
	dump, err := httputil.DumpResponse(resp, true)
	require.NoError(t, err)
	return string(dump)
}
