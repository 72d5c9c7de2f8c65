package settings

import (
	"fmt"
	"strings"
)

// Warning is about a setting that can be meant, but seldom is.
type Warning struct{ Cause, Remedy string }

// Warnings are about what was read.
func (v *Values) Warnings() []Warning {
	var all []Warning
	for _, scope := range v.Config.Scopes {
		if strings.Contains(scope, ",") {
			all = append(all, Warning{
				fmt.Sprintf("%s: %q is requested as one scope, because a comma may be part of one", v.where["scope"].Text, scope),
				"separate scopes by spaces",
			})
		}
	}
	return all
}
