package openwork_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Code in the READMEs is copied from the Examples, which compile and run.
func TestReadme_CodeIsFromExamples(t *testing.T) {
	t.Parallel()
	examples := ""
	for _, name := range []string{"example_test.go", "example_client_test.go"} {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		examples += withoutIndent(string(source))
	}
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		readme, err := os.ReadFile(name)
		require.NoError(t, err)
		blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
		require.NotEmpty(t, blocks, name)
		for _, block := range blocks {
			assert.Contains(t, examples, withoutIndent(block[1]), name)
		}
	}
}

// Both READMEs have the same code, headings and links.
func TestReadme_LanguagesAgree(t *testing.T) {
	t.Parallel()
	outline := func(name string) []string {
		readme, err := os.ReadFile(name)
		require.NoError(t, err)
		var outline []string
		code := false
		for line := range strings.Lines(string(readme)) {
			fence := strings.HasPrefix(line, "```")
			switch {
			case fence:
				code = !code
				outline = append(outline, line)
			case code:
				outline = append(outline, line)
			case strings.HasPrefix(line, "#"):
				level, _, _ := strings.Cut(line, " ")
				outline = append(outline, level)
			case strings.HasPrefix(line, "|"):
				outline = append(outline, strings.Join(regexp.MustCompile("`[^`]*`").FindAllString(line, -1), " "))
			}
		}
		return outline
	}
	assert.Equal(t, outline("README.md"), outline("README.zh-CN.md"))
}

func withoutIndent(code string) string {
	return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(code, "")
}
