import { describe, expect, it } from 'vitest';
import { detectOptOut } from '../../../src/outreach/outcome.ts';

describe('detectOptOut', () => {
  it.each(
    list(`
take me off your list
please take me off the list
take me off
take us off your calling list please
can you take my number off your list
get me off this list
get my number out of your system
remove me from your list
please remove me from your database
remove my number
please remove our number from the list
delete my number
please delete my data
don't call me again
do not call me again
please don't call again
never call me again
dont ever call this number again
don't call here anymore
don't you ever call me again
do not call me
please do not call us any more
stop calling me
stop calling
please stop calling us
would you stop calling this number
quit calling me
stop bothering me
i told you to stop calling
i don't want any more calls
i do not want these calls
we don't want your calls
i don't want you to call me
i don't want to be called again
i don't want to be contacted
i never want to hear from you again
no more calls please
put me on the do not call list
add us to your do not call list
put my number on your do not call register
i'm on the do not call registry
i want to opt out
opt me out of your calls please
unsubscribe me
unsubscribe
lose my number
leave me alone
i withdraw my consent
i'm not interested take me off your list
no take me off your list thank you
no i don't want remove my number please
hello who is this stop calling me
yes no i mean take me off you're list
take me of your list
i'd like to be removed from your list
I said: don't call me again!
Please take me off your list, thank you.
I do not want to hear from you
we don't accept cold calls
I don't want to receive any more sales calls
just stop calling okay
forget my number
please never contact us again
you should not call this number again
i don't want it remove me from the list
stop phoning me
don't call me back
do not contact me again
i don't consent to these calls
erase my data please
can i be removed from your list
could you please take my name off your call list
i don't want calls from you
we do not wish to be called
please strike my name from your records
i don't want to talk to you don't call back again
why do you keep calling stop calling me
i am not interested please don't call me anymore
please remove my name from the call list
i want you to stop calling me
how do i get off your list
don't phone me again
look just take my company off your list
i've asked you three times to stop calling me
please don't ring this number again
could you remove this number from your system
don't you people ever call me again
i said do not call
never call this phone again
i want my number deleted
you need to delete my number from your database
i don't want you calling me anymore
please stop calling my office
this is the third time you called please stop
kindly remove me from your contact list
we are on the do not call list
i would like you to take me off the list
no more calls okay
do not ever contact me again
please take us off
i don't want any calls
i don't want to get calls like this
can you please not call me again
could you not call here anymore
mark me as do not call
just delete me from your list
can you make sure you don't call me again
i would appreciate it if you never called again
take my number out of your records
how many times do i have to tell you stop calling here
i don't want to receive calls from your company
please delete all my details
i'm asking you to remove me from whatever list you have
we never want to be contacted again
don't bother calling again
do not call this number any longer
please don't contact us anymore we are not interested
put this number on your no call list
please opt me out
stop ringing us
no don't call back
remove us from the mailing list please
you are not allowed to call me again
i want off this list
quit calling my cell phone
please respect that and do not call again`),
  )('hears the request in "%s"', (text) => {
    expect(detectOptOut(text)).toBe(true);
  });

  it.each(
    list(`
stop
stop it
please stop
wait stop
no
no thank you
i'm not interested
not interested thanks
don't take me off the list
please don't take me off your list
do not remove me from the list
i'm not asking you to take me off your list
you don't need to remove my number
no need to take me off the list
i don't want you to take me off your list
don't stop calling
they never stop calling us
don't call me tomorrow
don't call me before ten
please don't call me at work call my mobile
do not call me on monday
don't call me later i have time now
call me again tomorrow
please call me back
call me again next week
can you call me back later
i don't have time
we don't want it
i don't want that
take me through the details
take me to your manager
take the price off
take my name it is sarah
what is on the list
is this on your list of prices
put me on the list for the demo
add me to your list
remove the setup fee
can you remove me from the meeting invitation
can i stop the plan at any time
can i cancel any time
can we opt out of the contract
do your customers get calls
does it stop calling customers twice
stop calling it a robot
we already stopped using calendars
when do you stop working
how many calls do you get
why did you not call me again
why don't you call me again next week
i'd like to delete old jobs from the calendar
can i remove users from the plan
my number is five five five one two three four
do not call list what is that
i never got your call
do you call again tomorrow
i don't want to call you again i want an email
leave me your number
i don't call customers we email them
we don't call them again after the job
i don't want a call send me an email
you can take us as an example
they told them to stop calling
don't worry you can call me again next month
i don't call the shots here
could you not call me on my mobile call the office please
what list did you find me on
i can't take calls right now
you should call my manager
i'd stop using our tool if yours is better
i don't want to stop the call
do customers have to opt out of the messages
can we remove a job from the calendar
is there a way to remove users
we want to stop making phone calls to customers
take me off speaker please
how do you stop double bookings
my boss told me to call you again
we don't have a list
let me take this off the table
please don't hang up
i never said that
don't you want to call my manager
i'll call you again if we need it
do you call your customers again after the visit
we stopped calling people last year
don't forget to call me tomorrow
don't be afraid to call again next quarter
not today please call again next week
i can't talk please stop talking so fast
can you take my order
we get too many calls from customers
we don't get many calls
please don't stop i'm listening
remove the last question
how do i delete my account data later
stop right there how much is it
our customers never call us again after the job is done
i want to be on the list for the beta
off the top of my head fifty
you called me yesterday please stop for a second and listen
they told me you would not call again
we don't want to miss calls from customers`),
  )('hears no request in "%s"', (text) => {
    expect(detectOptOut(text)).toBe(false);
  });

  it('takes written text as well: capitals, punctuation, typographic apostrophes', () => {
    expect(detectOptOut('Please, DON’T call me again!')).toBe(true);
    expect(detectOptOut('')).toBe(false);
  });

  it('answers long nonsense quickly', () => {
    const started = performance.now();
    detectOptOut('take me please not want you to '.repeat(2_000));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

function list(text: string): string[] {
  return text.trim().split('\n');
}
