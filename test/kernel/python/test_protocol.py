"""Jupyter's own conformance tests."""
import jupyter_kernel_test



class Conformance(jupyter_kernel_test.KernelTests):
    kernel_name = "graphpatch"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = 'console.log("hello, world")'
    code_stderr = 'console.error("oops")'
    completion_samples = [{"text": "Math.sqr", "matches": ["sqrt"]}, {"text": "clearOut", "matches": ["clearOutput"]}]
    complete_code_samples = ["1 + 1", "function f() { return 1 }", "// only a comment", "const s = `a\nb`"]
    incomplete_code_samples = ["function f() {", "const x = [1,", "`open", "f(1,", "/* open"]
    invalid_code_samples = ["const = 1", "1 +* 2; f()", ")"]
    code_page_something = 'page("a long text")'
    code_generate_error = 'throw new Error("boom")'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": '"a" + "b"', "result": "'ab'"},
        {"code": "[1, 2]", "result": "[ 1, 2 ]"},
    ]
    code_display_data = [{"code": 'display.html("<b>x</b>")', "mime": "text/html"}]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = '"a"*'
    code_inspect_sample = "console"
    code_clear_output = "clearOutput()"


