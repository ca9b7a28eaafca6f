package xmlread

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestProbe(t *testing.T) {
	measure := func(name, text string, f func()) {
		runtime.GC()
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		f()
		runtime.ReadMemStats(&b)
		fmt.Printf("%-28s %8d bytes: %9d alloc, x%.1f\n", name, len(text), b.TotalAlloc-a.TotalAlloc, float64(b.TotalAlloc-a.TotalAlloc)/float64(len(text)))
	}
	x := func(name, text string) { measure(name, text, func() { _, err := Parse(text, 4); fmt.Println(err) }) }
	x("fields", "<xml>"+strings.Repeat("<a/>", MaxElements-1)+"</xml>")
	x("fields 100", "<xml>"+strings.Repeat("<a/>", 100)+"</xml>")
	x("fields 1000", "<xml>"+strings.Repeat("<a/>", 1000)+"</xml>")
	x("too many", "<xml>"+strings.Repeat("<a/>", 1<<18)+"</xml>")
	x("nested", strings.Repeat("<a>", 1<<18))
	j := func(name, text string) {
		measure(name, text, func() {
			s, err := FromJSON(text)
			fmt.Println(len(s), err)
			if err == nil {
				_, err = Parse(s, 4)
				fmt.Println(err)
			}
		})
	}
	j("cr", `{"a":"`+strings.Repeat(`\r`, 1<<19)+`"}`)
	j("]]>", `{"a":"`+strings.Repeat(`]]>`, 1<<20/3)+`"}`)
	j("members", `{`+strings.Repeat(`"a":1,`, 30000)+`"a":1}`)
	j("array", `{"aaaaaaa":[`+strings.Repeat(`1,`, 30000)+`1]}`)
	j("array l", `{"`+strings.Repeat("a", 50000)+`":[`+strings.Repeat(`1,`, 30000)+`1]}`)
	j("array xl", `{"`+strings.Repeat("a", 1<<20)+`":[`+strings.Repeat(`1,`, 30000)+`1]}`)
	j("plain", `{"a":"`+strings.Repeat(`x`, 1<<20)+`"}`)
	j("escaped", `{"a":"`+strings.Repeat(`x`, 1<<20)+`\n"}`)
	j("nested", strings.Repeat(`{"a":`, 1<<17))
	j("number", `{"a":`+strings.Repeat("1", 900<<10)+"}")
	j("typical", `{"SuiteId":"ww1a2b3c4d5e6f7a8b","AuthCorpId":"wpcustomer00000001","InfoType":"change_contact","TimeStamp":1700000000,"ChangeType":"create_user","UserID":"zhangsan","Department":[1,2,3]}`)
}
