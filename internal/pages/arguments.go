package pages

import (
	"fmt"
	"reflect"
)

// Strings returns the arguments that a template gives to a function, which are strings or values of
// a type that is one. The error names the function.
func Strings[S ~string](function string, args []any) ([]S, error) {
	var list []S
	for _, arg := range args {
		v := reflect.ValueOf(arg)
		if v.Kind() != reflect.String {
			return nil, fmt.Errorf("flashgin: %s was given a %T: want strings or Status",
				function, arg)
		}
		list = append(list, S(v.String()))
	}
	return list, nil
}
