package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The code that must not come back: letters and digits, as WeCom's are not
// always.
const capturedCode = "Q7fKx2Rb9TzLw4Vn6MhYp1DcGs8JeA3uXk5BqZt0"

// The tail of a captured JSON push, sent as a URL check: the outsider begins
// the echo wherever he knows 16 characters, and ends it wherever he likes. The
// check must not decrypt the rest for him.
func TestO3_TailOfAJSONPush(t *testing.T) {
	t.Parallel()
	for _, receiveID := range []string{testSuiteID, testProvider, testCorp, ""} {
		for shift := range blockSize {
			if isBrief() && shift%4 != 0 {
				continue
			}
			push := capture(chance(byte(shift)), `{"SuiteId":"`+testSuiteID+`","ServiceCorpId":"`+testProvider+`","AuthCorpId":"`+testCorp+
				`","InfoType":"create_auth","TimeStamp":1700000000,"State":"`+strings.Repeat("s", shift)+
				`","AuthCode":"`+capturedCode+`"}`, receiveID)
			outsider := &outsider{door: target{edits: edits{allowOnly(testCorp), ofIndividual}}.open(t, nil), kind: urlCheck}
			last := push.at(`"AuthCode"`)
			for i := last - 6; i <= last; i++ {
				if (1+push.len()-i)%2 != 0 {
					continue
				}
				whole := 12 + 20 + push.text - (i+1)*blockSize // to the closing brace
				for length := 1; length <= whole+len(receiveID); length++ {
					requireNothingBack(t, outsider, push.opening(i, length, "echo90123456"), push.blocks(i+1, push.len()))
				}
			}
			require.Greater(t, outsider.sent, 100)
		}
	}
}

// requireNothingBack sends a URL check that must be refused as a wrong key is.
func requireNothingBack(t *testing.T, o *outsider, parts ...[]byte) {
	t.Helper()
	seen := o.send(parts...)
	require.NotContains(t, seen, capturedCode[5:10], "a part of the code came back")
	require.Equal(t, answer403, seen)
}

// The same with XML, whose brackets he replaces by a block of noise.
func TestO3_TailOfAnXMLPushBehindNoise(t *testing.T) {
	t.Parallel()
	const nonces = 120
	from := chance(20)
	for shift := range blockSize {
		push := capture(from, command("create_auth", "State", strings.Repeat("s", shift), "AuthCode", capturedCode), testSuiteID)
		tail := capture(from, command("cancel_auth", "State", strings.Repeat("s", shift)), testSuiteID)
		outsider := &outsider{door: target{}.open(t, nil), kind: urlCheck}
		code := push.at(capturedCode)
		end := (20 + tail.text) / blockSize // the block in which the receive id begins
		for i := code - 1; i >= code-2; i-- {
			for blocks := 1; blocks <= 3; blocks++ {
				front := append(push.opening(i, 1, "echo90123456"), push.blocks(i+1, code+blocks)...)
				if (len(front)/blockSize+1+tail.len()-end)%2 != 0 {
					continue
				}
				length := 12 + len(front) - 2*blockSize + blockSize + (20+tail.text)%blockSize
				front = append(push.opening(i, length, "echo90123456"), push.blocks(i+1, code+blocks)...)
				for range nonces {
					requireNothingBack(t, outsider, front, randomBytes(from, blockSize), tail.blocks(end, tail.len()))
				}
			}
		}
		require.GreaterOrEqual(t, outsider.sent, nonces)
	}
}

// Pieces of all sorts, in any order and of any length, in front of every tail
// that makes the receive id ours.
func TestO3_PiecesOfAnyPush(t *testing.T) {
	t.Parallel()
	from := chance(21)
	dice := rand.New(from)
	pool := []captured{}
	for shift := range blockSize {
		pool = append(pool,
			capture(from, command("create_auth", "State", strings.Repeat("s", shift), "AuthCode", capturedCode), testSuiteID),
			capture(from, ticketXML(testSuiteID, capturedCode+strings.Repeat("t", shift), testNow), testSuiteID),
			capture(from, `{"InfoType":"suite_ticket","SuiteTicket":"`+capturedCode+strings.Repeat("t", shift)+`"}`, testSuiteID),
			capture(from, document("ServiceCorpId", testProvider, "InfoType", "register_corp", "RegisterCode", capturedCode+strings.Repeat("t", shift)), testProvider),
			capture(from, textMessage(capturedCode+strings.Repeat("t", shift)), testCorp))
	}
	outsider := &outsider{door: target{}.open(t, nil), kind: urlCheck}
	for range 5000 {
		tail := pool[dice.IntN(len(pool))]
		cut := tail.len() - 2 - dice.IntN(4)
		var front []byte
		for range dice.IntN(5) {
			piece := pool[dice.IntN(len(pool))]
			i := 1 + dice.IntN(piece.len()-2)
			front = append(front, piece.blocks(i, min(i+1+dice.IntN(3), piece.len()-1))...)
		}
		head := pool[dice.IntN(len(pool))]
		i := 1 + dice.IntN(head.len()-2)
		if (2+len(front)/blockSize+tail.len()-cut)%2 != 0 {
			front = append(front, randomBytes(from, blockSize)...)
		}
		length := 12 + len(front) + 20 + tail.text - cut*blockSize
		requireNothingBack(t, outsider, head.opening(i, max(length, 1), "echo90123456"), front, tail.blocks(cut, tail.len()))
	}
}

// Where pushes are made for nobody, two blocks are enough for a check: a length
// of 11, 11 characters of the code, and the padding 1. He has to know four
// characters in front of them and guess one behind.
func TestO3_TwoBlocksForNobody(t *testing.T) {
	t.Parallel()
	found := false
	for shift := range blockSize {
		push := capture(chance(byte(shift)), command("create_auth", "State", strings.Repeat("s", shift), "AuthCode", capturedCode), "")
		i := push.at("ATA[" + capturedCode)
		if string(push.plain[i*blockSize:i*blockSize+4]) != "ATA[" {
			continue
		}
		found = true
		for name, config := range map[string]edits{"": {ofIndividual}, ", AllowCorp": {ofIndividual, allowOnly(testCorp)}} {
			outsider := &outsider{door: target{edits: config}.open(t, nil), kind: urlCheck}
			for _, guess := range guesses(capturedCode[11]) {
				first := push.blocks(i-1, i)
				copy(first, xor(first[:4], xor([]byte("ATA["), []byte{0, 0, 0, 11})))
				first[blockSize-1] ^= guess ^ 1
				seen := outsider.send(first, push.blocks(i, i+1))
				require.NotContains(t, seen, capturedCode[:11], "11 characters came back%s", name)
				require.Equal(t, answer403, seen)
			}
		}
	}
	require.True(t, found, "no alignment was right")
}

// What an echo may be: 1 to 64 letters and digits.
func TestQ12_EchoIsLettersAndDigits(t *testing.T) {
	t.Parallel()
	for name, echo := range map[string]string{
		"19 digits, as WeCom sends": "1616140317555161061",
		"one digit":                 "7",
		"one letter":                "x",
		"letters in both cases":     "abcXYZ",
		"64 characters":             strings.Repeat("0aZ9", 16),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			p := newURLCheck(echo).parts()
			w := f.do(p.request())
			require.Equal(t, http.StatusOK, w.Code, f.log.String())
			require.Equal(t, []byte(echo), w.Body.Bytes(), "no byte order mark, no newline")
			resp, err := f.Serve(p.request())
			require.NoError(t, err)
			require.Equal(t, []byte(echo), resp.Body)
			require.Empty(t, f.handledNames())
		})
	}
	for name, echo := range map[string]string{
		"nothing":               "",
		"65 characters":         strings.Repeat("0aZ9", 16) + "0",
		"256 digits":            strings.Repeat("7", 256),
		"a minus":               "1616-1403",
		"an underscore":         "1616_1403",
		"a point":               "1616.1403",
		"a plus, as in base64":  "abc+def",
		"a slash, as in base64": "abc/def",
		"an equals sign":        "abc=",
		"a blank":               "1616 1403",
		"a blank at the end":    "16161403 ",
		"a line end":            "16161403\n",
		"a NUL":                 "1616\x001403",
		"a control character":   "1616\x101403",
		"a quotation mark":      `161614"03`,
		"the end of JSON":       capturedCode + `"}`,
		"the end of a CDATA":    capturedCode + "]]>",
		"an element":            "<a>1</a>",
		"a brace":               "{1}",
		"full-width digits":     "１６１６",
		"a letter beyond ASCII": "é161614",
		"Chinese":               "回显",
		"a byte order mark":     "\uFEFF16161403",
		"a byte of no UTF-8":    "1616\xff1403",
		"a DEL":                 "1616\x7f1403",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, id := range []string{testProvider, testSuiteID, testCorp} {
				f := newFixture(t, allowOnly(testCorp))
				p := newURLCheck(echo, func(p *push) { p.ReceiveID = id })
				f.requireRefused(http.StatusForbidden, p.request())
				_, err := f.Serve(p.request())
				require.Equal(t, http.StatusForbidden, openwork.StatusCode(err))
				if len(echo) > 3 {
					require.NotContains(t, f.log.String(), echo, "what was decrypted is nobody's business")
				}
			}
		})
	}
}

// For whom the check may be made.
func TestQ14_CorpsOfTheURLCheck(t *testing.T) {
	t.Parallel()
	const (
		plain   = "ww0f1e2d3c4b5a6978" // a corp that is not the provider
		another = "wp0f1e2d3c4b5a69780f1e2d3c4b5a69"
	)
	broken := func(cfg *openwork.Config) {
		cfg.AllowCorp = func(context.Context, string) (bool, error) { return true, errors.New("the database is away") }
	}
	for _, row := range []struct {
		name, id string
		edits    edits
		status   int
		warns    bool   // though it passes
		says     string // in the line, beside the id
	}{
		{"the suite", testSuiteID, nil, 200, false, ""},
		{"the provider", testProvider, nil, 200, false, ""},
		{"the suite, whatever AllowCorp says", testSuiteID, edits{allowOnly()}, 200, false, ""},
		{"the provider, whatever AllowCorp says", testProvider, edits{allowOnly()}, 200, false, ""},
		{"a corp that AllowCorp accepts", testCorp, edits{allowOnly(testCorp)}, 200, false, ""},
		{"a plain corp that AllowCorp accepts", plain, edits{allowOnly(plain)}, 200, false, ""},
		{"a corp that AllowCorp refuses", testCorp, edits{allowOnly(plain)}, 403, false, "AllowCorp"},
		{"a corp whose look-up fails", testCorp, edits{broken}, 500, false, ""},
		{"an encrypted id, SuiteID", another, nil, 200, false, ""},
		{"an encrypted id, SuiteID alone", another, edits{withIDs(testSuiteID, "")}, 200, false, ""},
		{"a plain id, SuiteID", plain, nil, 403, false, "ProviderCorpID"},
		{"a plain id, SuiteID alone", plain, edits{withIDs(testSuiteID, "")}, 403, false, "ProviderCorpID"},
		{"an old plain id, SuiteID", "wx" + plain[2:], nil, 403, false, "ProviderCorpID"},
		{"an encrypted id in capitals, SuiteID", strings.ToUpper(another), nil, 403, false, ""},
		{"another suite, SuiteID", otherSuite, nil, 403, false, "ProviderCorpID"},
		{"the provider of a system event URL", testProvider, edits{withIDs("", testProvider)}, 200, false, ""},
		{"any corp, no SuiteID", plain, edits{withIDs("", testProvider)}, 200, true, ""},
		{"any encrypted id, no SuiteID", another, edits{withIDs("", testProvider)}, 200, true, ""},
		{"a corp that AllowCorp refuses, no SuiteID", plain, edits{withIDs("", testProvider), allowOnly(testCorp)}, 403, false, "AllowCorp"},
		{"15 characters, no SuiteID", plain[:15], edits{withIDs("", testProvider)}, 403, false, ""},
		{"65 characters, no SuiteID", strings.Repeat("w", 65), edits{withIDs("", testProvider)}, 403, false, ""},
		{"15 characters, AllowCorp would", plain[:15], edits{allowAll}, 403, false, ""},
		{"no id at all, AllowCorp would", plain[:10] + "<script>", edits{allowAll}, 403, false, ""},
		{"nobody", "", nil, 403, false, ""},
		{"nobody, AllowCorp would", "", edits{allowAll}, 403, false, ""},
		{"nobody, no SuiteID", "", edits{withIDs("", testProvider)}, 403, false, ""},
		{"nobody, app of an individual", "", edits{ofIndividual}, 200, false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, row.edits...)
			begin := len(f.log.String())
			w := f.do(newURLCheck("1616140317555161061", func(p *push) { p.ReceiveID = row.id }).request())
			line := f.log.String()[begin:]
			require.Equal(t, row.status, w.Code, line)
			if row.status != 200 {
				require.Empty(t, w.Body.String())
			} else {
				require.Equal(t, "1616140317555161061", w.Body.String())
				require.Equal(t, row.warns, strings.Contains(line, "level=WARN"), line)
			}
			if isIDText([]byte(row.id)) && len(row.id) >= 16 && len(row.id) <= 64 && row.status != 500 {
				assert.Contains(t, line, row.id, "the line names what came")
			}
			assert.Contains(t, line, row.says)
		})
	}
}

// Every captured push, sent as a check, whoever it was made for.
func TestQ16_CapturedPushesOfEveryKind(t *testing.T) {
	t.Parallel()
	from := chance(22)
	for name, text := range map[string]string{
		"a suite_ticket":            ticketXML(testSuiteID, capturedCode, testNow),
		"a create_auth":             command("create_auth", "AuthCode", capturedCode),
		"a create_auth in JSON":     `{"SuiteId":"` + testSuiteID + `","InfoType":"create_auth","AuthCode":"` + capturedCode + `"}`,
		"a member's message":        textMessage(capturedCode),
		"a message of a blank less": strings.TrimSuffix(textMessage(capturedCode), ">"),
		"what ends in a code":       command("create_auth") + capturedCode,
		"what begins with a code":   capturedCode + command("create_auth"),
		"a provider's push":         document("ServiceCorpId", testProvider, "InfoType", "register_corp", "RegisterCode", capturedCode),
	} {
		for _, id := range []string{testSuiteID, testProvider, testCorp, ""} {
			t.Run(fmt.Sprintf("%s for %q", name, id), func(t *testing.T) {
				for _, target := range targetsToTry() {
					requireNothingBack(t, &outsider{door: target.open(t, nil), kind: target.through(urlCheck)},
						slices.Clone(capture(from, text, id).cipher))
				}
			})
		}
	}
}
